"""Which orders of a merchant were brushed, and why.

Each signal gives an order a strength from 0 to 1 (see the modules beside this one). Strengths add up in log-odds:

    log-odds = PRIOR + Σ weight · strength · excess            (signals that stand alone)
                     + min(MOST_SUPPORT, Σ weight · strength · excess)   (those that only support)

`excess` is the part of a signal in this shop that clean trade does not explain, 1 − ordinary share ÷ (lower bound of
the share in the shop): the probability that an order which carries the signal is none of the ordinary ones (the local
false discovery rate of two groups; Efron, "Large-scale inference", 2010, ch. 5). A shop that shows no more than clean
shops do has no excess and no fake order, however odd single orders of it may look. What is ordinary is known of clean
shops and, better, of the shop's own regular customers (see `regulars`).

With `PRIOR` −4 and weight 8, an order that fully carries one signal is called fake where the shop shows that signal on
at least twice the ordinary share of its orders. Weights and ordinary shares were chosen on one half of CDNOW's buyers
with injected patterns and are measured on the other: `sycee eval brushing`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from sycee_ingestion.brushing.concentration import by_address, by_buyer, by_device
from sycee_ingestion.brushing.copying import copied_reviews
from sycee_ingestion.brushing.details import Details, Trade, trade_of
from sycee_ingestion.brushing.parcels import missing_parcels, odd_parcels
from sycee_ingestion.brushing.prices import odd_prices
from sycee_ingestion.brushing.refunds import refund_loops
from sycee_ingestion.brushing.regulars import regular_orders
from sycee_ingestion.brushing.rhythm import bursts, machine_times
from sycee_ingestion.brushing.signals import STANDINGS, Evidence, Flags, Floats, Signal

PRIOR = -4.0
"""Log-odds that an order without any signal is fake: about 1 in 55."""

MOST_SUPPORT = 2.0
"""What signals that cannot stand alone may add together; with `prices.HINT` it stays below −`PRIOR`."""

RANKED_SHARE = 0.1
"""Signals without excess still rank the orders for a reader, by a tenth of their weight: never enough for a verdict."""

FEWEST_ORDERS = 40
"""With fewer a shop has no habits to be held against: none of its orders is called fake."""

FEWEST_CARRIERS = 5
"""Fewer orders than this are no excess, whatever their share."""

FEWEST_FAKES = 5
"""Fewer verdicts than this are dropped: a shop that brushes does not do it four times a year."""

UNDECIDED = -0.01
"""The highest log-odds of an order that is not called fake."""

CARRIED = 0.15
"""From this strength on an order is said to carry a signal."""

CLUSTER = 3.0
"""Orders of one buyer, address or campaign come together: three of them tell as much as one that stands by itself."""

PRIOR_ORDERS = 50.0
"""What is known of clean shops weighs as much as so many orders of regular customers."""

LEAST_ORDINARY = 0.33
"""However blameless the regulars are, a third of what clean shops show is ordinary."""

_Z = 1.64  # one-sided 95 %


@dataclass(frozen=True, slots=True)
class Span:
    """Orders of a span of days, and those of them judged fake."""

    order_count: int
    order_fen: int
    fake_count: int
    fake_fen: int

    @property
    def count_share(self) -> float:
        """Fake orders among all, 0 to 1; 0 where there is none."""
        return self.fake_count / self.order_count if self.order_count else 0.0

    @property
    def fen_share(self) -> float:
        """Their part of the amount, 0 to 1; 0 where nothing was paid."""
        return self.fake_fen / self.order_fen if self.order_fen else 0.0


@dataclass(frozen=True, slots=True)
class Carried:
    """How many orders carry a signal, how many of those were judged fake, and the signal's excess, 0 to 1."""

    order_count: int
    fake_count: int
    excess: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the orders of one merchant were judged to be.

    `orders`: order_key, occurred_at, day, fen, refunded_fen, suspicion (0 to 1), fake, signals (a mask of `Signal`),
    sorted by moment. `fake_days`: day, fake_count, fake_fen, fake_refunded_fen of the days (of the orders) with any,
    sorted. `fen` is what was paid, before refunds: who takes both refunds and fake orders off sales adds what was
    refunded of the fake ones again, or a refund loop would be taken off twice.
    """

    orders: pl.DataFrame
    fake_days: pl.DataFrame
    last_90_days: Span
    last_365_days: Span
    signals: Mapping[Signal, Carried]

    @property
    def share(self) -> float:
        """The merchant's share of fake orders over 365 days, 0 to 1."""
        return self.last_365_days.count_share


def judge(details: Details) -> Judgement:
    """Judges each order of a merchant. Pure; the order of the rows changes nothing.

    Raises polars' ColumnNotFoundError when a frame lacks a column and ValueError when a sketch has a wrong length.
    """
    trade = trade_of(details)
    evidence = gather(trade)
    excess = excesses(trade, evidence)
    odds = log_odds(evidence, excess)
    if (odds >= 0.0).sum() < FEWEST_FAKES:
        odds = np.minimum(odds, UNDECIDED)
    return _judgement(trade, evidence, excess, odds)


def gather(trade: Trade) -> dict[Signal, Evidence]:
    """The evidence of every signal, in the order of their bits."""
    burst = bursts(trade)
    return {
        Signal.BURST: burst,
        Signal.FEW_BUYERS: by_buyer(trade),
        Signal.SHARED_ADDRESS: by_address(trade),
        Signal.SHARED_DEVICE: by_device(trade),
        Signal.ODD_PRICE: odd_prices(trade),
        Signal.COPIED_REVIEW: copied_reviews(trade),
        Signal.NO_PARCEL: missing_parcels(trade, burst.strength),
        Signal.REFUND_LOOP: refund_loops(trade),
        Signal.MACHINE_TIME: machine_times(trade),
        Signal.ODD_PARCEL: odd_parcels(trade),
    }


def excesses(trade: Trade, evidence: Mapping[Signal, Evidence]) -> dict[Signal, float]:
    """The part of each signal in this shop that clean trade does not explain, 0 to 1.

    The share in the shop enters by its lower bound (Wilson, 1927, one-sided 95 %, with the count of orders divided by
    `CLUSTER`), so that few orders prove little.
    """
    if trade.count < FEWEST_ORDERS:
        return dict.fromkeys(evidence, 0.0)
    regulars = regular_orders(trade, evidence)
    found = {}
    for signal, each in evidence.items():
        seen, carriers = float(each.visible.sum()), each.beyond_one
        if carriers < FEWEST_CARRIERS:
            found[signal] = 0.0
            continue
        ordinary = _ordinary_share(signal, each, regulars.get(signal))
        found[signal] = max(0.0, 1.0 - ordinary / _lower_bound(carriers / seen, seen / CLUSTER))
    return found


def _ordinary_share(signal: Signal, found: Evidence, regulars: Flags | None) -> float:
    """What clean shops show of a signal, moved towards what this shop's regular customers show of it."""
    usual = STANDINGS[signal].ordinary_share
    if regulars is None:
        return usual
    seen = float((found.visible & regulars).sum())
    carriers = float(found.strength[regulars].sum())
    return max((carriers + usual * PRIOR_ORDERS) / (seen + PRIOR_ORDERS), usual * LEAST_ORDINARY)


def log_odds(evidence: Mapping[Signal, Evidence], excess: Mapping[Signal, float]) -> Floats:
    """The log-odds of each order, (n,), as the module says, with the rank of signals that have no excess."""
    count = len(next(iter(evidence.values())).strength)
    alone, support, rank = np.zeros(count), np.zeros(count), np.zeros(count)
    for signal, found in evidence.items():
        full = STANDINGS[signal].weight * found.strength
        if STANDINGS[signal].alone:
            alone += full * excess[signal]
        else:
            support += full * excess[signal]
        rank += full * (1.0 - excess[signal])
    decisive = PRIOR + alone + np.minimum(support, MOST_SUPPORT)
    ranked = decisive + np.minimum(RANKED_SHARE * rank, -PRIOR / 2)
    # What only ranks may not carry an order over the line.
    return np.where(decisive >= 0.0, np.maximum(ranked, 0.0), np.minimum(ranked, UNDECIDED))


def _lower_bound(share: float, count: float) -> float:
    share = min(share, 1.0)
    centre = share + _Z**2 / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return max((centre - spread) / (1 + _Z**2 / count), 1e-9)


def _judgement(
    trade: Trade, evidence: Mapping[Signal, Evidence], excess: Mapping[Signal, float], odds: Floats
) -> Judgement:
    fake = odds >= 0.0
    mask = np.zeros(trade.count, np.int32)
    carried = {}
    for signal, found in evidence.items():
        carries = found.strength >= CARRIED
        mask |= np.where(carries, np.int32(signal), np.int32(0))
        carried[signal] = Carried(int(carries.sum()), int((carries & fake).sum()), excess[signal])
    orders = trade.frame.select(
        "order_key",
        "occurred_at",
        "day",
        "fen",
        refunded_fen=pl.Series(trade.refunded_fen, dtype=pl.Int64),
        suspicion=pl.Series(1.0 / (1.0 + np.exp(-odds)), dtype=pl.Float64),
        fake=pl.Series(fake, dtype=pl.Boolean),
        signals=pl.Series(mask, dtype=pl.Int32),
    )
    return Judgement(orders, _fake_days(orders), _span(trade, fake, 90), _span(trade, fake, 365), carried)


def _fake_days(orders: pl.DataFrame) -> pl.DataFrame:
    fakes = (
        orders.filter(pl.col("fake"))
        .group_by("day")
        .agg(fake_count=pl.len().cast(pl.Int64), fake_fen=pl.sum("fen"), fake_refunded_fen=pl.sum("refunded_fen"))
    )
    return fakes.sort("day")


def _span(trade: Trade, fake: Flags, days: int) -> Span:
    within = (trade.day >= trade.as_of_day - days) & (trade.day < trade.as_of_day)
    return Span(
        order_count=int(within.sum()),
        order_fen=int(trade.fen[within].sum()),
        fake_count=int((within & fake).sum()),
        fake_fen=int(trade.fen[within & fake].sum()),
    )
