"""What stands behind a portrait: how fresh each kind of event is, and how much of what a decision uses is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sycee_ingestion.domain.event import DAILY_KINDS, EventKind


@dataclass(frozen=True, slots=True)
class Standard:
    """What is expected of one kind of event.

    `stale_after_days` None: an old one is as good as a new one. `weight` 0: having none is no gap (a shop without
    penalties is not a shop that we know less of).
    """

    stale_after_days: int | None
    weight: float


STANDARDS: Mapping[EventKind, Standard] = {
    EventKind.ORDER: Standard(30, 0.35),  # a month without an order is a dead feed or a dead shop
    EventKind.SETTLEMENT: Standard(45, 0.15),  # platforms pay out every one to thirty days
    EventKind.SHIPMENT: Standard(30, 0.10),  # follows the orders
    EventKind.BUREAU_REPORT: Standard(90, 0.10),  # debts elsewhere move within a quarter
    EventKind.REVIEW: Standard(60, 0.08),  # a small shop has few
    EventKind.REFUND: Standard(90, 0.07),  # a good shop has few
    EventKind.TAX_RECORD: Standard(200, 0.05),  # quarterly filing, and the weeks until it is filed
    EventKind.TRAFFIC: Standard(14, 0.04),  # daily
    EventKind.ENERGY_USE: Standard(100, 0.04),  # bills of one to three months
    EventKind.SOCIAL_ACTIVITY: Standard(30, 0.02),  # daily where it is used at all
    EventKind.STORE_PENALTY: Standard(None, 0.0),
    EventKind.REPAYMENT: Standard(None, 0.0),
    # They tell of sales as orders do; having both is no more to decide by, but lets quality hold one against the other.
    EventKind.INVOICE: Standard(45, 0.0),  # a ledger is handed over monthly
    EventKind.DAILY_COUNT: Standard(14, 0.0),  # daily
}
"""Thresholds and weights are judgement; the weights add up to 1. The README explains them."""

TRADE_KINDS = (EventKind.ORDER, EventKind.REFUND)
"""The kinds behind the sales section: the newest of them says how fresh the trade is."""

MOST_SOURCES = 16


@dataclass(frozen=True, slots=True)
class Received:
    """What was received of one kind, as of the portrait's moment; `event_count` leaves out what was withdrawn."""

    kind: EventKind
    event_count: int
    first_day: date
    last_day: date
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """What a feed has sent of one kind: events that count, and the first and last day on which it spoke."""

    event_count: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Feed:
    """What one source has sent for a merchant over all time, of the kinds that come in crowds."""

    source: str
    past_version: int
    spans: Mapping[EventKind, Span]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What stands behind a part of the portrait."""

    kind: EventKind
    sources: tuple[str, ...]
    event_count: int
    first_day: date
    last_day: date
    freshness_days: int
    stale: bool


def received_now(feeds: Sequence[Feed]) -> list[Received]:
    """What was ever received of each kind, over the feeds of one merchant."""
    received = []
    for kind in DAILY_KINDS:
        spans = [(feed.source, feed.spans[kind]) for feed in feeds if kind in feed.spans]
        if spans:
            received.append(
                Received(
                    kind=kind,
                    event_count=sum(span.event_count for _, span in spans),
                    first_day=min(span.first_day for _, span in spans),
                    last_day=max(span.last_day for _, span in spans),
                    sources=tuple(source for source, _ in spans),
                )
            )
    return received


def sources_before(feeds: Sequence[Feed], kind: EventKind, day: date) -> tuple[str, ...]:
    """The sources that told of a kind on any day before `day`."""
    return tuple(feed.source for feed in feeds if kind in feed.spans and feed.spans[kind].first_day < day)


def source_status(received: Received, today: date) -> SourceStatus:
    """Freshness of one kind, in business days between its newest event and `today`."""
    freshness_days = max(0, (today - received.last_day).days)
    stale_after_days = STANDARDS[received.kind].stale_after_days
    return SourceStatus(
        kind=received.kind,
        sources=tuple(sorted(set(received.sources)))[:MOST_SOURCES],
        event_count=received.event_count,
        first_day=received.first_day,
        last_day=received.last_day,
        freshness_days=freshness_days,
        stale=stale_after_days is not None and freshness_days > stale_after_days,
    )


def coverage(statuses: Sequence[SourceStatus]) -> float:
    """Share of the kinds, by weight, that are there and fresh; 0 to 1."""
    return min(1.0, sum(STANDARDS[status.kind].weight for status in statuses if not status.stale))


def trade_freshness_days(statuses: Sequence[SourceStatus]) -> int | None:
    """Days since the newest event of trade; None when there is none."""
    return min((status.freshness_days for status in statuses if status.kind in TRADE_KINDS), default=None)
