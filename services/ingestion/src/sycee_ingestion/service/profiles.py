"""Portraits, and the features that they are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sycee_service.clock import Clock, business_day
from sycee_service.errors import FailedPrecondition, InvalidArgument, NotFound

from sycee_ingestion.books import Point
from sycee_ingestion.domain.changes import Change
from sycee_ingestion.domain.event import CLOCK_SKEW, EARLIEST_DAY
from sycee_ingestion.domain.merchant import Identity, refuse_erased
from sycee_ingestion.features.catalogue import catalogue
from sycee_ingestion.features.definitions import Definition
from sycee_ingestion.past_portraits import PastPortrait, PastPortraits
from sycee_ingestion.portraying import Portrayer
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.standing import Profile, standing
from sycee_ingestion.store.columns import FAR_DAY
from sycee_ingestion.store.notices import Notices
from sycee_ingestion.store.profiles import Head, ProfileStore


@dataclass(frozen=True, slots=True)
class Answer:
    """A portrait but for its `as_of`, the moment that it was asked for, and whom it belongs to when that was asked for.

    The portrait is not to be changed: others may be given the same one.
    """

    profile: Profile
    as_of: datetime
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Portraits in the order asked for, the moment that they were asked for, and the merchants that have none."""

    profiles: list[Profile]
    as_of: datetime
    missing_ids: list[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A portrait as it is, and what has changed of it; the first one of a watch holds neither."""

    answer: Answer | None
    changes: tuple[Change, ...]


class ProfileService:
    """Shows portraits."""

    def __init__(
        self, profiles: ProfileStore, portrayer: Portrayer, past: PastPortraits, notices: Notices, clock: Clock
    ) -> None:
        self._profiles = profiles
        self._portrayer = portrayer
        self._past = past
        self._notices = notices
        self._clock = clock

    async def get_profile(
        self, merchant_id: str, as_of: datetime | None, known_at: datetime | None, *, with_identity: bool
    ) -> Answer:
        """The portrait of a merchant as of a moment (None is now), of what was known at another (None is now), and whom
        it belongs to when that is asked for.

        Events enter by their whole business day: those of days before that of `as_of` and, where that is today, what
        came of today as well, as far as it counts at once; windows always end with the last whole day. Raises NotFound,
        InvalidArgument, FailedPrecondition (MERCHANT_ERASED).
        """
        now = self._clock.now()
        moment = _checked("as_of", as_of, now)
        head = await self._profiles.head(merchant_id, with_identity=with_identity)
        if head is None:
            raise NotFound("merchant", merchant_id)
        refuse_erased(merchant_id, head.erased_at)
        profile = await self._profile(head, business_day(moment), _known_on(known_at), business_day(now))
        if profile is None:  # erased meanwhile
            raise NotFound("merchant", merchant_id)
        return Answer(profile, moment, head.identity)

    async def batch_get_profiles(self, merchant_ids: Sequence[str], as_of: datetime | None) -> Batch:
        """The portraits of merchants as of one moment; those that are not there, or erased, are missing.

        Raises InvalidArgument.
        """
        now = self._clock.now()
        moment = _checked("as_of", as_of, now)
        heads = await self._profiles.heads(merchant_ids)
        there = [head for one in merchant_ids if (head := heads.get(one)) is not None and head.erased_at is None]
        day, today = business_day(moment), business_day(now)
        found = await asyncio.gather(*(self._profile(head, day, FAR_DAY, today) for head in there))
        profiles = {head.merchant_id: one for head, one in zip(there, found, strict=True) if one is not None}
        return Batch(
            profiles=[profiles[one] for one in merchant_ids if one in profiles],
            as_of=moment,
            missing_ids=[one for one in merchant_ids if one not in profiles],
        )

    async def watch_profiles(self, merchant_ids: Sequence[str]) -> AsyncIterator[Changed]:
        """The portraits that change materially, of some merchants or (none named) of all: first an empty answer once
        the watch stands, then each change until the caller goes.

        Raises Unavailable when the caller falls behind, or when changes may have been missed.
        """
        async with self._notices.watch(frozenset(merchant_ids)) as watch:
            yield Changed(None, ())
            async for merchant_id, changes in watch:
                try:
                    answer = await self.get_profile(merchant_id, None, None, with_identity=False)
                except (NotFound, FailedPrecondition):  # erased meanwhile
                    continue
                yield Changed(answer, changes)

    async def list_features(self, after: str, size: int) -> tuple[list[Definition], str]:
        """A page of features whose name follows `after`, and the name to go on after: empty on the last page."""
        size = size or DEFAULT_PAGE_SIZE
        rest = [definition for definition in catalogue() if definition.name > after]
        return rest[:size], rest[size - 1].name if len(rest) > size else ""

    async def _profile(self, head: Head, day: date, known_on: date, today: date) -> Profile | None:
        if day == today and known_on > today:
            return standing(head, today) or await self._portrayer.today(head.merchant_no)
        point = Point(head.merchant_no, day, known_on)
        kept = self._past.get(point, head.version, head.traits)
        if kept is not None:
            return kept
        found = await self._portrayer.past(point)
        if found is None:
            return None
        profile, settled = found
        if settled:
            self._past.keep(point, PastPortrait(profile, head.version, head.traits))
        return profile


def _known_on(known_at: datetime | None) -> date:
    """The day before which things had to be received."""
    return FAR_DAY if known_at is None else business_day(known_at)


def _checked(field: str, moment: datetime | None, now: datetime) -> datetime:
    """A caller's clock may be a little ahead of ours, as an event's may: that is now."""
    if moment is None:
        return now
    if moment > now + CLOCK_SKEW:
        raise InvalidArgument(field, "must not lie in the future", value=moment.isoformat())
    if business_day(moment) < EARLIEST_DAY:
        raise InvalidArgument(field, f"must not lie before {EARLIEST_DAY}", value=moment.isoformat())
    return min(moment, now)
