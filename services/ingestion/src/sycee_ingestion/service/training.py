"""Features of the past, for training."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sycee_service.clock import Clock, business_day
from sycee_service.errors import InvalidArgument, NotFound

from sycee_ingestion.books import Point, portions
from sycee_ingestion.domain.event import CLOCK_SKEW, EARLIEST_DAY
from sycee_ingestion.features.catalogue import NAMES, catalogue
from sycee_ingestion.portraying import Portrayer
from sycee_ingestion.store.columns import FAR_DAY
from sycee_ingestion.store.profiles import ProfileStore

MOST_ROWS = 200
"""Samples that are computed together."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One row that is wanted."""

    merchant_id: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """The features of a sample, in the order of the names; NaN where not known."""

    sample: Sample
    values: Sequence[float]


class TrainingService:
    """Makes training rows."""

    def __init__(self, profiles: ProfileStore, portrayer: Portrayer, clock: Clock) -> None:
        self._profiles = profiles
        self._portrayer = portrayer
        self._clock = clock

    def names(self, wanted: Sequence[str]) -> list[str]:
        """The features that are wanted, all by name where none is named. Raises InvalidArgument for one that is
        none."""
        known = {definition.name for definition in catalogue()}
        for index, name in enumerate(wanted):
            if name not in known:
                raise InvalidArgument(f"feature_names[{index}]", "must be a feature of ListFeatures", value=name)
        return list(wanted) or sorted(known)

    async def rows(self, samples: Sequence[Sample], names: Sequence[str], *, then: bool) -> AsyncIterator[list[Row]]:
        """Rows in the order of the samples, some at a time.

        `then`: only what had been received before a sample's day counts, otherwise all that is known now of the days
        before it. Raises InvalidArgument, and NotFound naming the first merchant that is not there or was erased,
        before any row.
        """
        self._check(samples)
        listed = await self._profiles.listed(sorted({sample.merchant_id for sample in samples}))
        for sample in samples:
            if sample.merchant_id not in listed:
                raise NotFound("merchant", sample.merchant_id)
        columns = [NAMES.index(name) for name in names]
        orders = {one.merchant_no: one.order_count for one in listed.values()}
        points = [_point(sample, listed[sample.merchant_id].merchant_no, then=then) for sample in samples]
        rest = iter(samples)
        for portion in portions(points, orders, MOST_ROWS):
            values = (await self._portrayer.features(portion))[:, columns].tolist()
            yield [Row(next(rest), row) for row in values]

    def _check(self, samples: Sequence[Sample]) -> None:
        latest = self._clock.now() + CLOCK_SKEW
        for index, sample in enumerate(samples):
            field, value = f"samples[{index}].as_of", sample.as_of.isoformat()
            if sample.as_of > latest:
                raise InvalidArgument(field, "must not lie in the future", value=value)
            if business_day(sample.as_of) < EARLIEST_DAY:
                raise InvalidArgument(field, f"must not lie before {EARLIEST_DAY}", value=value)


def _point(sample: Sample, merchant_no: int, *, then: bool) -> Point:
    day = business_day(sample.as_of)
    return Point(merchant_no, day, day if then else FAR_DAY)
