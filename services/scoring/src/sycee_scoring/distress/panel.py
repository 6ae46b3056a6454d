"""Daily counts of many shops as one table of days, who may be judged at a cut-off, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sycee_scoring.distress.features import HORIZON_DAYS, WINDOW_DAYS, features

Array = NDArray[np.float64]

LEAST_HISTORY_DAYS: Final = 56
LEAST_A_DAY: Final = 5.0
"""Shops with eight weeks of history and five payments a day, over the last 56 days, are judged."""

BAD_BELOW: Final = 0.5
"""Distress: the next 56 days' trade over the last 56 days', below this part of the file's median."""

LEAST_PEERS: Final = 10
"""Fewer shops say nothing about a shared season, and 1 is taken for their change: judgement."""


@dataclass(frozen=True, slots=True)
class Panel:
    """`counts`: payments of each shop on each day from `first_day` on, 0 on days without, shape (shops, days);
    `starts`: place of each shop's first day of trade; `shops`: their ids, ascending."""

    shops: tuple[str, ...]
    first_day: date
    counts: Array
    starts: NDArray[np.int64]

    @property
    def days(self) -> int:
        """Days from the first to the last in the table."""
        return int(self.counts.shape[1])


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The shops judged on one day: places in the panel, figures, and whether each fell into distress, all by row."""

    day: date
    shops: NDArray[np.int64]
    figures: Array
    bad: NDArray[np.bool_]
    falling: Array
    """Trade of the last 28 days over the last 56 days': the plain measure to beat."""


def assessable(panel: Panel, place: int) -> NDArray[np.int64]:
    """Places of the shops that may be judged on the day `place`."""
    if place < LEAST_HISTORY_DAYS:
        return np.zeros(0, dtype=np.int64)
    last = panel.counts[:, place - HORIZON_DAYS : place].sum(axis=1)
    old_enough = panel.starts <= place - LEAST_HISTORY_DAYS
    return np.flatnonzero(old_enough & (last >= LEAST_A_DAY * HORIZON_DAYS))


def at(panel: Panel, place: int) -> Cutoff:
    """Figures and outcomes at the day `place`, whose 56 days of outcome must lie within the panel."""
    shops = assessable(panel, place)
    counts = panel.counts[shops]
    last = counts[:, place - HORIZON_DAYS : place].sum(axis=1)
    ratio = counts[:, place : place + HORIZON_DAYS].sum(axis=1) / last
    middle = float(np.median(ratio)) if len(ratio) else 1.0
    day = panel.first_day + timedelta(days=place)
    recent = counts[:, place - 28 : place].sum(axis=1)
    windows = window(counts, panel.starts[shops], place)
    return Cutoff(
        day=day,
        shops=shops,
        figures=features(windows, day, peer_change(windows)),
        bad=ratio < BAD_BELOW * middle,
        falling=recent / last,
    )


def window(counts: Array, starts: NDArray[np.int64], place: int) -> Array:
    """The 182 days before the day `place`, NaN before each shop's first day, shape (shops, 182)."""
    cut = counts[:, max(0, place - WINDOW_DAYS) : place]
    filled = np.full((len(counts), WINDOW_DAYS), np.nan)
    filled[:, WINDOW_DAYS - cut.shape[1] :] = cut
    filled[np.arange(place - WINDOW_DAYS, place)[None, :] < starts[:, None]] = np.nan
    return filled


def peer_change(windows: Array) -> float:
    """Median over shops of the trade of the last 28 days over that of the 28 before, within 0.01 and 100."""
    if len(windows) < LEAST_PEERS:
        return 1.0
    before = windows[:, -56:-28].sum(axis=1)
    traded = before > 0.0
    if not traded.any():
        return 1.0
    change = windows[traded, -28:].sum(axis=1) / before[traded]
    return float(np.clip(np.median(change), 0.01, 100.0))


def monthly(panel: Panel, first: date | None = None) -> list[int]:
    """Places of the first days of months from `first` on, at which shops can be judged and outcomes are complete."""
    last = panel.days - HORIZON_DAYS
    places = [place for place in range(LEAST_HISTORY_DAYS, last + 1) if _day(panel, place).day == 1]
    asked = [place for place in places if first is None or _day(panel, place) >= first]
    return [place for place in asked if len(assessable(panel, place))]


def weekly(panel: Panel, last: int) -> list[int]:
    """Places a week apart that end with `last`, at which shops can be judged."""
    places = range(last, LEAST_HISTORY_DAYS - 1, -7)
    return [place for place in reversed(places) if len(assessable(panel, place))]


def _day(panel: Panel, place: int) -> date:
    return panel.first_day + timedelta(days=place)
