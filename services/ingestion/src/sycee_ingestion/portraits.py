"""From the books of merchants to their portraits and features: pure, and a matter of the processor alone.

A point is a merchant on a day. What counts at it occurred before the day and was received before another one; the same
figures come out whether a point is asked for alone, among many, online or for training.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sycee_ingestion.books import Books, Point, details
from sycee_ingestion.brushing.details import Details
from sycee_ingestion.brushing.judgement import Judgement, judge
from sycee_ingestion.brushing.signals import STANDINGS
from sycee_ingestion.domain.profile import FakeSignal, Portrait
from sycee_ingestion.domain.quality import assess
from sycee_ingestion.evidence import evidence, statuses
from sycee_ingestion.features.catalogue import FEATURE_VERSION, NAMES
from sycee_ingestion.features.inputs import SCHEMAS, Frames
from sycee_ingestion.features.online import Prepared

Weeks = tuple[tuple[int, ...], tuple[int, ...]]
"""Net and clean sales by week, the oldest first, in fen."""


MOST_DAILY_COUNTS = 182
"""Days that a portrait tells the trade of one by one: half a year."""


@cache
def _plan(_name: str) -> Prepared:
    """A plan of all features: a good second of work the first time, a matter of definitions alone."""
    return Prepared()


class Painter:
    """Makes features and portraits. Safe to call from several threads; painters of one name take turns."""

    def __init__(self, name: str) -> None:
        self._name = name

    def prepare(self) -> Prepared:
        """The plan of all features; a good second of work for the first painter of a name."""
        return _plan(self._name)

    def features(self, books: Books, points: Sequence[Point]) -> NDArray[np.float64]:
        """The features of each point, (points, features) in the order of `features.catalogue.NAMES`; NaN if not
        known."""
        judged = [judge(details(own, point)) for own, point in zip(books.apart(points), points, strict=True)]
        table, _ = self._computed(books, points, judged)
        values: NDArray[np.float64] = table.select(NAMES).fill_null(float("nan")).to_numpy()
        return values

    def portraits(self, books: Books, points: Sequence[Point], *, now: bool) -> list[Portrait]:
        """The portrait of each point.

        `now`: all points are of today. Records of the day itself count at once, and the statuses show what else came of
        it.
        """
        counted = books.dated_back(points[0].as_of) if now else books
        seen = [_Seen(own, point) for own, point in zip(books.apart(points), points, strict=True)]
        table, weeks = self._computed(counted, points, [one.judgement for one in seen])
        by_point = _weeks_of(weeks)
        rows = table.select(NAMES).rows()
        return [
            one.portrait(row, by_point.get(place, ((), ())), now=now)
            for place, (one, row) in enumerate(zip(seen, rows, strict=True))
        ]

    def _computed(
        self, books: Books, points: Sequence[Point], judged: Sequence[Judgement]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Features, a row a point in the order of the points, and weeks."""
        rows = [(place, point.merchant_no, point.as_of, point.known_on) for place, point in enumerate(points)]
        fakes = [
            judgement.fake_days.select(pl.lit(place, pl.Int32).alias("point"), pl.all())
            for place, judgement in enumerate(judged)
        ]
        frames = Frames(
            points=pl.DataFrame(rows, dict(SCHEMAS["points"]), orient="row"),
            days=books.days,
            splits=books.splits,
            reviews=books.reviews,
            fake_days=pl.concat(fakes),
            traits=books.traits,
            **books.records,
        )
        return self.prepare()(frames)


class _Seen:
    """A point with the books of its merchant alone and the judgement of its orders."""

    def __init__(self, books: Books, point: Point) -> None:
        self._books, self._point = books, point
        self._details: Details = details(books, point)
        self.judgement = judge(self._details)

    def portrait(self, row: Sequence[float | None], weeks: Weeks, *, now: bool) -> Portrait:
        """The portrait, from the features in the order of NAMES and the weeks."""
        features = {name: value for name, value in zip(NAMES, row, strict=True) if value is not None}
        found = statuses(self._books, self._point, now=now)
        seen = evidence(self._books, self._point, self._details, features, found)
        net_fen, clean_fen = weeks
        return Portrait(
            as_of=self._point.as_of,
            feature_version=FEATURE_VERSION,
            features=features,
            weekly_net_fen=net_fen,
            weekly_clean_fen=clean_fen,
            daily_counts=_daily_counts(self._books.days, self._point),
            statuses=found,
            quality=assess(seen),
            fake_signals=_signals(self.judgement),
            settled=seen.unread_count == 0,
        )


def _daily_counts(days: pl.DataFrame, point: Point) -> tuple[int, ...]:
    """Orders by day up to the day before `as_of`, from the first with any on; payments where there are no orders."""
    first = point.as_of - timedelta(days=MOST_DAILY_COUNTS)
    known = pl.col("received_on") < point.known_on
    seen = days.filter(pl.col("day").is_between(first, point.as_of, closed="left"), known)
    orders = int(seen["order_count"].sum())
    column = "order_count" if orders else "payment_count"
    counts = [0] * MOST_DAILY_COUNTS
    for day, count in seen.select("day", column).iter_rows():
        counts[(day - first).days] += count
    begun = next((place for place, count in enumerate(counts) if count), MOST_DAILY_COUNTS)
    return tuple(max(0, count) for count in counts[begun:])


def _weeks_of(weeks: pl.DataFrame) -> Mapping[int, Weeks]:
    """The weeks of each point that has any."""
    found: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for point, net_fen, clean_fen in weeks.sort("point", "week").select("point", "net_fen", "clean_fen").iter_rows():
        found[point][0].append(net_fen)
        found[point][1].append(clean_fen)
    return {point: (tuple(net), tuple(clean)) for point, (net, clean) in found.items()}


def _signals(judgement: Judgement) -> tuple[FakeSignal, ...]:
    """The signals that orders judged fake carry, those of most orders first."""
    found = [
        FakeSignal(signal.name or "", carried.fake_count, STANDINGS[signal].text_zh, STANDINGS[signal].text_en)
        for signal, carried in judgement.signals.items()
        if carried.fake_count
    ]
    return tuple(sorted(found, key=lambda one: (-one.order_count, one.code)))
