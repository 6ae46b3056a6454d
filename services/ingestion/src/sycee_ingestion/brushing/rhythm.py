"""Orders out of the shop's own rhythm: too many for the day or the hour, at even intervals, at dead of night.

A festival, a livestream or a flash sale does the same, so neither signal can carry a verdict alone.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sycee_ingestion.brushing.details import DAY_S, Trade
from sycee_ingestion.brushing.signals import Evidence, Flags, Floats, Whole

AROUND_DAYS = 21
"""A day is held against three weeks on either side."""

CLIPPED_QUANTILE = 0.9
"""Days above this quantile of their weeks count as much as it does: a campaign of four days in 43 hides nothing."""

DEVIATIONS = 3.0
DAY_DISPERSION = 0.5
HOUR_DISPERSION = 1.0
"""Counts are taken as negative binomial, variance μ + (d·μ)²: clean days scatter by half of their mean beyond chance
(weekdays, weather, adverts), clean hours by all of it. More than three deviations and a few orders above is a burst.
(Judgement.)"""

SMALLEST_EXCESS = 3.0

NIGHT_HOURS = (1, 6)
NIGHT_STRENGTH = 0.4
USUAL_NIGHT_SHARE = 0.15
"""Above it the shop sells by night, or abroad."""

RUN = 12
EVEN = 0.3
"""Thirteen orders whose twelve gaps vary by less than 0.3 of their mean. Of chance arrivals (exponential gaps) fewer
than one run in 10,000 is so even."""

GAP_S = (20, 2 * DAY_S)
"""Smaller gaps are one charge run over many subscribers, greater ones the habits of a trade."""

STRANGERS_SHARE = 0.6
"""At least so many of a run are not one buyer's repeats: a standing order comes at even intervals."""


def bursts(trade: Trade) -> Evidence:
    """The part of each order's day, or of the hour around it, that the shop's own rhythm does not explain."""
    if not trade.count:
        return Evidence.none(0)
    first = int(trade.day.min())
    counts = np.bincount(trade.day - first, minlength=max(trade.as_of_day - first, 0))
    usual = _usual(counts)
    strength = _excess(counts, usual, DAY_DISPERSION)[trade.day - first]
    if trade.clock_told:
        strength = np.maximum(strength, _hour_excess(trade, usual[trade.day - first]))
    return Evidence.of(strength, np.ones(trade.count, np.bool_))


def machine_times(trade: Trade) -> Evidence:
    """Orders at even intervals, and to a lesser degree those at night in a shop that sleeps."""
    if not trade.clock_told:
        return Evidence.none(trade.count)
    night = (trade.hour >= NIGHT_HOURS[0]) & (trade.hour < NIGHT_HOURS[1])
    strength = np.where(night & (night.mean() < USUAL_NIGHT_SHARE), NIGHT_STRENGTH, 0.0)
    everything = np.zeros(trade.count, np.int64)
    one_price = np.unique(trade.fen, return_inverse=True)[1]
    for codes in (everything, one_price):
        strength = np.where(_even_runs(codes, trade), 1.0, strength)
    return Evidence.of(strength, np.ones(trade.count, np.bool_))


def _usual(counts: Whole) -> Floats:
    """The mean count of the days around each day, the busiest clipped, (days,)."""
    # Beyond its ends the trade goes on as at them: the days are mirrored.
    reach = min(AROUND_DAYS, len(counts) - 1)
    around = sliding_window_view(np.pad(counts, reach, mode="reflect"), 2 * reach + 1)
    busy = np.sort(around, axis=1)[:, int(CLIPPED_QUANTILE * 2 * reach)]
    usual: Floats = np.minimum(around, busy[:, None]).mean(axis=1)
    return usual


def _excess(counts: Whole, usual: Floats, dispersion: float) -> Floats:
    """The share of each count above the usual one, 0 where chance and ordinary scatter explain it."""
    deviation = np.sqrt(usual + (dispersion * usual) ** 2)
    beyond = counts > usual + DEVIATIONS * deviation + SMALLEST_EXCESS
    return np.where(beyond, (counts - usual) / np.maximum(counts, 1), 0.0)


def _hour_excess(trade: Trade, usual_of_day: Floats) -> Floats:
    """As `_excess`, of the orders within half an hour of each one, by the shop's profile of hours."""
    # One order for each hour beforehand: a shop of fifty orders has no profile yet.
    profile = np.bincount(trade.hour, minlength=24) + 1.0
    smooth = (np.roll(profile, 1) + profile + np.roll(profile, -1)) / (3.0 * profile.sum())
    around = np.searchsorted(trade.at_s, trade.at_s + 1_800, "right") - np.searchsorted(trade.at_s, trade.at_s - 1_800)
    return _excess(around, usual_of_day * smooth[trade.hour], HOUR_DISPERSION)


def _even_runs(codes: Whole, trade: Trade) -> Flags:
    """Which orders stand in a run of `RUN` even gaps within their group of `codes` (none of them −1)."""
    even = np.zeros(trade.count, np.bool_)
    if trade.count <= RUN:
        return even
    order = np.argsort(codes, kind="stable")
    groups, at_s, buyer = codes[order], trade.at_s[order], trade.buyer[order]
    gaps = sliding_window_view(np.diff(at_s).astype(np.float64), RUN)
    mean = gaps.mean(axis=1)
    one_group = groups[:-RUN] == groups[RUN:]
    steady = one_group & (mean >= GAP_S[0]) & (mean <= GAP_S[1]) & (gaps.std(axis=1) < EVEN * mean)
    starts = np.flatnonzero(steady)
    starts = starts[_strangers(sliding_window_view(buyer, RUN + 1)[starts])]
    opened = np.bincount(starts, minlength=trade.count + 1) - np.bincount(starts + RUN + 1, minlength=trade.count + 1)
    even[order[np.cumsum(opened)[:-1] > 0]] = True
    return even


def _strangers(runs: Whole) -> Flags:
    """Which runs, a row each, are of buyers that hardly come twice; below 0 is a buyer who is not known."""
    ranked = np.sort(runs, axis=1)
    known = ranked >= 0
    first = np.concatenate([known[:, :1], known[:, 1:] & (ranked[:, 1:] != ranked[:, :-1])], axis=1)
    strangers: Flags = first.sum(axis=1) >= STRANGERS_SHARE * known.sum(axis=1)
    return strangers
