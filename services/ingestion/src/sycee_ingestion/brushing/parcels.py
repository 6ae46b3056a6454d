"""Parcels that carried nothing: none sent, none weighed, far too light, or a route that cannot be.

All of it is held against the shop's own habit: who sends nothing, or by a carrier that weighs nothing, hides nothing.
"""

from __future__ import annotations

import numpy as np

from sycee_ingestion.brushing.details import Trade
from sycee_ingestion.brushing.grouping import medians, sizes
from sycee_ingestion.brushing.signals import Evidence, Flags, Floats, ramp

GRACE_DAYS = 10
"""So long a parcel, and the news of it, may take; later orders are not missed yet."""

FEWEST_PARCELS = 30
"""With fewer a shop has no habit of sending."""

HABIT = (0.6, 0.9)
"""A shop sends, or weighs, as a habit where it does for 90 % of what it could; below 60 % it does not. (Judgement.)"""

ODD_HABIT = (0.3, 0.6)
"""Where more routes are odd than this, it is the addresses that are wrong."""

FEWEST_OF_GOODS = 3
"""Goods sold so often and never sent are not goods that one sends."""

OUTAGE_SIDE = 4
OUTAGE_SHARE = 0.85
"""Where of the nine parcels around hardly one has a weight, the scale or the feed was down. (Judgement.)"""

FEWEST_WEIGHED = 5
"""Goods weighed less often are held against the shop's other goods."""

LIGHT_SHARE = 0.25
LIGHT_G = 150
"""A parcel under a quarter of what the goods weigh elsewhere, and light enough for an empty box."""

UNWEIGHED = 0.8
"""Without a weight but with a route; without both the evidence is full."""


def missing_parcels(trade: Trade, burst: Floats) -> Evidence:
    """Orders with no parcel, or one that nobody weighed; `burst` is the strength of that signal, (n,)."""
    sent = trade.parcels > 0
    if sent.sum() < FEWEST_PARCELS:
        return Evidence.none(trade.count)
    # An order wholly refunded and never sent was cancelled.
    cancelled = ~sent & (trade.refunded_fen >= trade.fen) & (trade.refunded_fen > 0)
    due = (trade.day < trade.as_of_day - GRACE_DAYS) & ~cancelled & ~_never_sent(trade, sent)
    strength = np.where(due & ~sent, _habit(sent[due | sent]), 0.0)
    weighed = sent & (trade.weight_g > 0)
    unweighed = sent & ~weighed & ~_outage(sent, weighed, burst)
    blind = np.where(trade.distance_km > 0, UNWEIGHED, 1.0) * _habit(weighed[sent])
    return Evidence.of(np.where(unweighed, blind, strength), sent | due)


def odd_parcels(trade: Trade) -> Evidence:
    """Parcels on a route that cannot be, and such as weigh no more than an empty box."""
    sent = trade.parcels > 0
    if sent.sum() < FEWEST_PARCELS:
        return Evidence.none(trade.count)
    odd = sent & trade.odd_route
    odd_known = 1.0 - float(ramp(np.array(odd[sent].mean()), *ODD_HABIT))
    empty = _too_light(trade, sent & (trade.weight_g > 0))
    return Evidence.of(np.where(empty, 1.0, np.where(odd, odd_known, 0.0)), sent)


def _habit(done: Flags) -> float:
    return float(ramp(np.array(done.mean()), *HABIT))


def _never_sent(trade: Trade, sent: Flags) -> Flags:
    """Orders of goods that are never sent, such as a code or a top-up."""
    sent_of_goods = np.zeros(trade.goods.max(initial=-1) + 2, np.int64)
    np.add.at(sent_of_goods, trade.goods + 1, sent.astype(np.int64))
    never: Flags = (sizes(trade.goods) >= FEWEST_OF_GOODS) & (sent_of_goods[trade.goods + 1] == 0)
    return never


def _outage(sent: Flags, weighed: Flags, burst: Floats) -> Flags:
    """Stretches in which hardly anything was weighed although no more was sold than ever."""
    down = np.zeros(len(sent), np.bool_)
    parcels = np.flatnonzero(sent)
    around = np.convolve(~weighed[parcels], np.ones(2 * OUTAGE_SIDE + 1), "same")
    down[parcels] = around >= OUTAGE_SHARE * (2 * OUTAGE_SIDE + 1)
    quiet: Flags = burst == 0.0
    return down & quiet


def _too_light(trade: Trade, weighed: Flags) -> Flags:
    """Parcels that weigh far less than the same goods do elsewhere, or than the shop's where the goods are few."""
    codes = np.where(weighed, trade.goods, -1)
    each = trade.weight_g / trade.items
    enough = sizes(codes) >= FEWEST_WEIGHED
    of_shop = float(np.median(each[weighed])) if weighed.any() else 0.0
    # Items of one parcel share its box: each weighs between the whole and its part of the usual.
    usual = np.where(enough, medians(codes, each), of_shop) * np.sqrt(trade.items)
    return weighed & (trade.weight_g < LIGHT_SHARE * usual) & (trade.weight_g < LIGHT_G)
