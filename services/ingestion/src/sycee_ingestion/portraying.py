"""Portraits on demand: books loaded, painted on a thread of its own, put into the words of the contract, stored.

The event loop only waits meanwhile. What is made for today is stored and told of, whoever asked for it; what is made as
of the past never is.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from sycee.ingestion.v1 import profile_pb2
from sycee_service.clock import Clock, business_day

from sycee_ingestion.books import Books, Point, portions
from sycee_ingestion.convert import profiles as convert
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.gathering import Gathering
from sycee_ingestion.portraits import Painter
from sycee_ingestion.review_reading import ReviewReading
from sycee_ingestion.store.columns import FAR_DAY
from sycee_ingestion.store.frames import FrameStore
from sycee_ingestion.store.portraits import Made, PortraitStore
from sycee_ingestion.store.profiles import Head, ProfileStore

P = ParamSpec("P")
T = TypeVar("T")

MOST_TOGETHER = 32
"""Merchants that are painted at a time: together each costs a fraction of what it costs alone."""

READ_ON_THE_SPOT = 200
"""Reviews that are read while somebody waits, some 60 ms; the rest is left to the background."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where portraits come from and where they go."""

    profiles: ProfileStore
    frames: FrameStore
    portraits: PortraitStore
    reading: ReviewReading


class Portrayer:
    """Makes portraits and features.

    One for those who wait and one for the background: neither waits for the other's thread.
    """

    def __init__(self, stores: Stores, clock: Clock, name: str) -> None:
        self._profiles = stores.profiles
        self._frames = stores.frames
        self._portraits = stores.portraits
        self._reading = stores.reading
        self._clock = clock
        self._painter = Painter(name)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._today: Gathering[int, profile_pb2.Profile] = Gathering(self._on_the_spot, MOST_TOGETHER)
        self._past: Gathering[Point, tuple[profile_pb2.Profile, bool]] = Gathering(self._looking_back, MOST_TOGETHER)

    async def close(self) -> None:
        """Ends the thread, after what it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def prepare(self) -> None:
        """Does beforehand what the first portrait would wait for."""
        await self._aside(self._painter.prepare)

    async def today(self, merchant_no: int) -> profile_pb2.Profile | None:
        """The portrait as of now, made and stored; None when the merchant is gone. Reads some of its unread reviews."""
        return await self._today.ask(merchant_no)

    async def portray(self, merchant_nos: Sequence[int], most_reviews: int) -> Mapping[int, profile_pb2.Profile]:
        """Makes, stores and tells of the portraits of merchants as of now, reading up to so many reviews before."""
        heads = await self._profiles.heads_by_no(merchant_nos)
        if not heads:
            return {}
        read = await self._reading.read(list(heads), most_reviews, self._thread)
        day = business_day(self._clock.now())
        points = [Point(merchant_no, day, FAR_DAY) for merchant_no in heads]
        found: dict[int, profile_pb2.Profile] = {}
        for portion in portions(points, _orders(heads), MOST_TOGETHER):
            books = await self._frames.load(portion)
            painted = await self._aside(self._paint, books, portion, heads, now=True)
            made = [
                Made(
                    merchant_no=point.merchant_no,
                    day=day,
                    feature_version=profile.feature_version,
                    profile=profile.SerializeToString(),
                    feeds=books.feeds.get(point.merchant_no, ()),
                    settled=settled or read < most_reviews,  # what is left then cannot be read
                )
                for point, (profile, settled) in zip(portion, painted, strict=True)
            ]
            await self._portraits.save(made, self._clock.now(), convert.changes_between)
            found |= {point.merchant_no: profile for point, (profile, _) in zip(portion, painted, strict=True)}
        return found

    async def past(self, point: Point) -> tuple[profile_pb2.Profile, bool] | None:
        """The portrait of a point of the past, which is not stored, and whether it stays as it is until something
        comes.

        None when the merchant is gone.
        """
        return await self._past.ask(point)

    async def features(self, points: Sequence[Point]) -> NDArray[np.float64]:
        """The features of each point, (points, features) in the order of `features.catalogue.NAMES`; NaN if not
        known."""
        books = await self._frames.load(points)
        return await self._aside(self._painter.features, books, points)

    async def _on_the_spot(self, merchant_nos: Sequence[int]) -> Mapping[int, profile_pb2.Profile]:
        return await self.portray(merchant_nos, READ_ON_THE_SPOT)

    async def _looking_back(self, points: Sequence[Point]) -> Mapping[Point, tuple[profile_pb2.Profile, bool]]:
        """Those of one day and knowledge together: their windows are the same."""
        heads = await self._profiles.heads_by_no([point.merchant_no for point in points])
        alike: dict[tuple[date, date], list[Point]] = defaultdict(list)
        for point in points:
            if point.merchant_no in heads:
                alike[point.as_of, point.known_on].append(point)
        found: dict[Point, tuple[profile_pb2.Profile, bool]] = {}
        groups = [part for group in alike.values() for part in portions(group, _orders(heads), MOST_TOGETHER)]
        for group in groups:
            books = await self._frames.load(group)
            found |= zip(group, await self._aside(self._paint, books, group, heads, now=False), strict=True)
        return found

    def _paint(
        self, books: Books, points: Sequence[Point], heads: Mapping[int, Head], *, now: bool
    ) -> list[tuple[profile_pb2.Profile, bool]]:
        portraits = self._painter.portraits(books, points, now=now)
        painted = []
        for point, portrait in zip(points, portraits, strict=True):
            head = heads[point.merchant_no]
            profile = convert.portrait_to_proto(head.merchant_id, head.traits, portrait)
            if now:
                convert.show_sharing(profile, head.attributes, head.signs)
            painted.append((profile, portrait.settled))
        return painted

    async def _aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))


def _orders(heads: Mapping[int, Head]) -> Mapping[int, int]:
    """How many orders each merchant has."""
    return {
        merchant_no: sum(
            feed.spans[EventKind.ORDER].event_count for feed in head.feeds if EventKind.ORDER in feed.spans
        )
        for merchant_no, head in heads.items()
    }
