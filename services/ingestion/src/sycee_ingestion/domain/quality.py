"""How far the data behind a portrait may be relied on: 100 points less those of each defect, never below 0.

It judges the data and not the merchant: a shop that sells badly has good data when its feeds agree. Thresholds and
points are judgement, each named beside its check. A person should look before money is lent on what is SEVERE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sycee_ingestion.domain import consistency
from sycee_ingestion.domain.breaks import silent_days, unit_shift
from sycee_ingestion.domain.consistency import Ratios
from sycee_ingestion.domain.coverage import SourceStatus
from sycee_ingestion.domain.event import EventKind

Whole = NDArray[np.int64]

BEST_SCORE = 100
MOST_DEFECTS = 32
RULE_TAX = "CN-ID-08"


class Severity(IntEnum):
    """How grave a defect is; the numbers are those of the contract."""

    NOTE = 1
    WARNING = 2
    SEVERE = 3


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with the data, and the points that it takes off."""

    code: str
    severity: Severity
    points: int
    text_zh: str
    text_en: str
    rule_id: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What happened on each of the last 365 whole days, (365,) each, the oldest first; amounts in fen.

    `settled_fen` is what settlements say was sold: paid out and fees. `invoiced_fen` are sales with their tax,
    red-letter invoices taken off.
    """

    order_count: Whole
    order_fen: Whole
    refund_count: Whole
    refund_fen: Whole
    settlement_count: Whole
    settled_fen: Whole
    fee_fen: Whole
    invoice_count: Whole
    invoiced_fen: Whole
    traffic_count: Whole
    page_views: Whole
    visitors: Whole
    parcel_count: Whole
    odd_route_count: Whole


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the quality of a portrait is judged by.

    `statuses`: the kinds that were ever received. `declared`: sales that tax reports of the year declare and the
    platforms' sales net of refunds in the same periods, in fen; None where no report declares sales. `closed` marks
    days of the year on which a shop may be shut (the Spring Festival), (365,). Of the year's refunds that name an
    order, `named_refund_count`, those whose order never came are `orphan_refund_count`. `text_count` reviews of the
    year have a text, `unread_count` of them were not read yet. `duplicated_share` is that of `domain.twins`.
    """

    statuses: Sequence[SourceStatus]
    books: Books
    declared: tuple[int, int] | None
    closed: NDArray[np.bool_]
    named_refund_count: int
    orphan_refund_count: int
    text_count: int
    unread_count: int
    duplicated_share: float


@dataclass(frozen=True, slots=True)
class Quality:
    """0 (nothing to rely on) to 100, the defects, the gravest first, and the ratios behind some of them."""

    score: int
    defects: tuple[Defect, ...]
    ratios: Ratios


def assess(evidence: Evidence) -> Quality:
    """Judges the data. Pure."""
    ratios = consistency.ratios(
        evidence.books.order_fen - evidence.books.refund_fen,
        (evidence.books.settlement_count, evidence.books.settled_fen),
        (evidence.books.invoice_count, evidence.books.invoiced_fen),
        evidence.declared,
    )
    found = sorted(_defects(evidence, ratios), key=lambda defect: (-defect.severity, -defect.points, defect.code))
    score = max(0, BEST_SCORE - sum(defect.points for defect in found))
    return Quality(score, tuple(found[:MOST_DEFECTS]), ratios)


def _defects(evidence: Evidence, ratios: Ratios) -> Iterator[Defect]:
    statuses = {status.kind: status for status in evidence.statuses}
    yield from _missing(statuses)
    yield from _stale(statuses)
    yield from _inconsistent(ratios)
    for check in _CHECKS:
        yield from check(evidence)


# Kinds that are not there or old.


@dataclass(frozen=True, slots=True)
class _Standing:
    """What it costs that a kind is missing or stale, and what it is called."""

    missing_points: int
    stale_points: int
    plural: str
    zh: str


# All missing is 100: there is nothing to rely on. Penalties, repayments, refunds and the like are no gap where none
# came.
_STANDINGS: Mapping[EventKind, _Standing] = {
    EventKind.ORDER: _Standing(70, 25, "orders", "订单"),
    EventKind.SETTLEMENT: _Standing(10, 5, "settlements", "结算"),
    EventKind.SHIPMENT: _Standing(5, 3, "shipments", "物流"),
    EventKind.TAX_RECORD: _Standing(5, 3, "tax records", "税务"),
    EventKind.BUREAU_REPORT: _Standing(5, 3, "bureau reports", "征信"),
    EventKind.REVIEW: _Standing(3, 1, "reviews", "评价"),
    EventKind.TRAFFIC: _Standing(2, 1, "traffic", "流量"),
}

OTHER_SALES = (EventKind.INVOICE, EventKind.DAILY_COUNT)
"""Kinds that tell of sales where no orders do; they leave half of the points that missing orders cost."""


def _missing(statuses: Mapping[EventKind, SourceStatus]) -> Iterator[Defect]:
    for kind, standing in _STANDINGS.items():
        if kind in statuses:
            continue
        points = standing.missing_points
        severity = Severity.SEVERE if points >= 50 else Severity.WARNING if points >= 10 else Severity.NOTE
        if kind is EventKind.ORDER and any(other in statuses for other in OTHER_SALES):
            points //= 2
        code = f"MISSING_{_code_of(kind)}"
        zh, en = f"从未收到{standing.zh}数据", f"no {standing.plural} were ever received"
        yield Defect(code, severity, points, zh, en)


def _stale(statuses: Mapping[EventKind, SourceStatus]) -> Iterator[Defect]:
    for kind, standing in _STANDINGS.items():
        status = statuses.get(kind)
        if status is None or not status.stale:
            continue
        points = standing.stale_points
        severity = Severity.WARNING if points >= 5 else Severity.NOTE
        days = status.freshness_days
        zh, en = f"{standing.zh}数据已有{days}天未更新", f"the newest of the {standing.plural} is {days} days old"
        yield Defect(f"STALE_{_code_of(kind)}", severity, points, zh, en)


def _code_of(kind: EventKind) -> str:
    return {EventKind.TRAFFIC: "TRAFFIC"}.get(kind, f"{kind.name}S")


# Sources that contradict each other.


def _inconsistent(ratios: Ratios) -> Iterator[Defect]:
    if (grade := consistency.SETTLEMENT_BOUNDS.grade(ratios.settlement)) and ratios.settlement is not None:
        zh = f"平台净销售额为结算所示销售额的{ratios.settlement:.0%}"
        en = f"platform sales net of refunds are {ratios.settlement:.0%} of what settlements say was sold"
        yield Defect("SETTLEMENTS_DIFFER", Severity(grade), (0, 4, 12, 25)[grade], zh, en)
    if (grade := consistency.INVOICE_BOUNDS.grade(ratios.invoice)) and ratios.invoice is not None:
        zh = f"开票销售额为平台净销售额的{ratios.invoice:.0%}，可能有平台之外的销售"
        en = f"invoiced sales are {ratios.invoice:.0%} of platform sales net of refunds: some are sold elsewhere"
        yield Defect("INVOICES_EXCEED_SALES", Severity(grade), (0, 3, 6, 6)[grade], zh, en)
    if (grade := consistency.TAX_BOUNDS.grade(ratios.tax)) and ratios.tax is not None:
        zh = f"申报销售额为同期平台净销售额的{ratios.tax:.0%}"
        en = f"declared sales are {ratios.tax:.0%} of platform sales net of refunds in the same periods"
        yield Defect("TAX_SALES_DIFFER", Severity(grade), (0, 4, 12, 25)[grade], zh, en, RULE_TAX)


# Series that break off, jump or cannot be.


def _silence(evidence: Evidence) -> Iterator[Defect]:
    """Days without orders in a row that chance does not explain: a feed that broke off."""
    days = silent_days(evidence.books.order_count, evidence.closed)
    if days:
        warns = days >= 7
        severity, points = (Severity.WARNING, 10) if warns else (Severity.NOTE, 3)
        zh, en = f"近一年订单数据疑似中断{days}天", f"the orders of {days} days of the year seem to be missing"
        yield Defect("GAPS_IN_ORDERS", severity, points, zh, en)


MOST_UNSEEN_SHARE = 0.05
"""Visits come daily: from the first day of the year that has them to the last, one in twenty may be missing."""


def _unseen_traffic(evidence: Evidence) -> Iterator[Defect]:
    seen = np.flatnonzero(evidence.books.traffic_count > 0)
    if not len(seen):
        return
    span = int(seen[-1] - seen[0]) + 1
    unseen = span - len(seen)
    if unseen >= 3 and unseen > MOST_UNSEEN_SHARE * span:
        zh, en = f"流量数据缺失{unseen}天", f"the visits of {unseen} days are missing"
        yield Defect("GAPS_IN_TRAFFIC", Severity.NOTE, 2, zh, en)


def _shifted_units(evidence: Evidence) -> Iterator[Defect]:
    """Amounts that jump tenfold or hundredfold while as many orders come: yuan and fen mixed up."""
    factor = unit_shift(evidence.books.order_count, evidence.books.order_fen)
    if factor:
        zh = f"订单均价突变约{factor}倍而单量未变，疑似金额单位混淆"
        en = f"the mean order changed about {factor}-fold while as many came: units seem mixed up"
        yield Defect("UNITS_SHIFTED", Severity.SEVERE, 30, zh, en)


DUPLICATED_SHARE = 0.5
"""Honest shops on two platforms share a fraction of a percent of their orders by chance; half is no chance."""


def _duplicated(evidence: Evidence) -> Iterator[Defect]:
    share = evidence.duplicated_share
    if share >= DUPLICATED_SHARE:
        zh = f"两个来源的订单有{share:.0%}相同，销售额疑似重复计算"
        en = f"two sources sent {share:.0%} of the same orders: sales seem counted twice"
        yield Defect("DUPLICATED_FEEDS", Severity.SEVERE, 30, zh, en)


FEWEST_REFUNDS = 5


def _orphan_refunds(evidence: Evidence) -> Iterator[Defect]:
    orphans, named = evidence.orphan_refund_count, evidence.named_refund_count
    if named < FEWEST_REFUNDS or orphans <= 0.2 * named:
        return
    severity, points = (Severity.WARNING, 8) if orphans > 0.5 * named else (Severity.NOTE, 3)
    zh, en = f"{orphans}笔退款没有对应订单", f"the orders of {orphans} refunds never came"
    yield Defect("REFUNDS_WITHOUT_ORDERS", severity, points, zh, en)


def _impossible(evidence: Evidence) -> Iterator[Defect]:
    """Sums that cannot be: of the last 180 days for refunds, as these follow their orders by weeks; else of the
    year."""
    books = evidence.books
    refunded, paid = int(books.refund_fen[-180:].sum()), int(books.order_fen[-180:].sum())
    if books.refund_count[-180:].sum() >= FEWEST_REFUNDS and refunded > paid:
        zh, en = "近180天退款多于销售", "more was refunded than sold in 180 days"
        yield Defect("REFUNDS_EXCEED_SALES", Severity.WARNING, 10, zh, en)
    views, visitors = int(books.page_views.sum()), int(books.visitors.sum())
    if visitors > views:
        zh, en = "访客数多于浏览量", "there are more visitors than page views"
        yield Defect("VISITORS_EXCEED_VIEWS", Severity.NOTE, 3, zh, en)
    visited = books.visitors > 0
    orders = int(books.order_count[visited].sum())
    if orders > visitors > 0:
        zh, en = "订单数多于访客数", "there are more orders than visitors on the same days"
        yield Defect("ORDERS_EXCEED_VISITORS", Severity.WARNING, 6, zh, en)
    settled, fees = int(books.settled_fen.sum()), int(books.fee_fen.sum())
    if fees > 0.5 * settled > 0:
        zh, en = "平台费用超过结算额的一半", "fees are more than half of what was settled"
        yield Defect("FEES_EXCEED_HALF", Severity.WARNING, 6, zh, en)


FEWEST_ODD_ROUTES = 5


def _odd_routes(evidence: Evidence) -> Iterator[Defect]:
    odd, parcels = int(evidence.books.odd_route_count.sum()), int(evidence.books.parcel_count.sum())
    if odd < FEWEST_ODD_ROUTES or odd <= 0.02 * parcels:
        return
    severity, points = (Severity.WARNING, 8) if odd > 0.1 * parcels else (Severity.NOTE, 3)
    zh, en = f"{odd}个包裹的路线不可能", f"the routes of {odd} parcels cannot be"
    yield Defect("ODD_ROUTES", severity, points, zh, en)


FEWEST_UNREAD = 10


def _unread(evidence: Evidence) -> Iterator[Defect]:
    unread = evidence.unread_count
    if unread >= FEWEST_UNREAD and unread > 0.1 * evidence.text_count:
        zh, en = f"{unread}条评价尚未分析", f"{unread} reviews were not read yet"
        yield Defect("UNREAD_REVIEWS", Severity.NOTE, 2, zh, en)


_CHECKS: Sequence[Callable[[Evidence], Iterable[Defect]]] = (
    _silence,
    _unseen_traffic,
    _shifted_units,
    _duplicated,
    _orphan_refunds,
    _impossible,
    _odd_routes,
    _unread,
)
