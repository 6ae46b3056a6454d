"""Keeps portraits up with events, in the background: what moves a merchant's portrait has it made anew and compared.

A batch of events may touch hundreds of merchants, and an import a merchant thousands of times. So the merge only marks
a feed, and this task paints a merchant once its feeds have been quiet for a moment, or have waited long. Several
processes may run it on one database: one claims what it paints, and what two of them paint all the same is stored and
told once. At the turn of the business day it goes through all merchants that traded lately, slowly; and through all of
them when it starts, for those that a process died over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic

import structlog
from sycee_service import logs
from sycee_service.clock import Clock, business_day
from sycee_service.errors import SyceeError

from sycee_ingestion.features.catalogue import FEATURE_VERSION
from sycee_ingestion.portraying import MOST_TOGETHER, Portrayer
from sycee_ingestion.standing import SETTLING, settled_from
from sycee_ingestion.store.claims import Claims
from sycee_ingestion.store.portraits import Current, Marked, PortraitStore

MARKED_AT_ONCE = 500
MOST_WAITING = 20_000

PAGE_MERCHANTS = 200
TRADED_WITHIN_DAYS = 30
"""Who did not trade for so long gets a portrait of today when it is asked for."""

READ_AT_ONCE = 2_000
"""Reviews that are read before a batch is painted: at most a second's work."""

REST, LONG_REST = 1.0, 4.0
"""It rests as long as it worked, so that it takes half a core at most; and four times as long while others work harder
(something is still being sent) and at the turn of the day, which can wait. Judgement."""

SET_ASIDE_S = 600.0
"""A merchant whose portrait cannot be made is not tried again for so long."""


@dataclass(slots=True)
class _Waiting:
    """A marked merchant: what its feeds had come to when last looked at, since when that is so, and since when it
    waits."""

    past_version: int
    since_s: float
    first_s: float


@dataclass(frozen=True, slots=True)
class Due:
    """Merchants that are quiet, and others that waited long, each with those that waited longest first; and whether
    any merchant is still being sent."""

    quiet: list[int]
    late: list[int]
    busy: bool


class Ripening:
    """Which marked merchants are due: those that nothing came of for `quiet_s`, and those that wait for `latest_s`."""

    def __init__(self, quiet_s: float, latest_s: float) -> None:
        self._quiet_s = quiet_s
        self._latest_s = latest_s
        self._waiting: dict[int, _Waiting] = {}

    def see(self, marked: Collection[Marked], now_s: float) -> None:
        """Takes note of marks as they are at a moment of a monotonic clock."""
        for one in marked:
            waiting = self._waiting.get(one.merchant_no)
            if waiting is None:
                self._waiting[one.merchant_no] = _Waiting(one.past_version, now_s, now_s)
            elif waiting.past_version != one.past_version:
                waiting.past_version, waiting.since_s = one.past_version, now_s
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def due(self, marked: Collection[Marked], now_s: float) -> Due:
        """Which of these are due."""
        seen = [(self._waiting[one.merchant_no], one.merchant_no) for one in marked if one.merchant_no in self._waiting]
        seen.sort(key=lambda entry: entry[0].first_s)
        quiet = [no for waiting, no in seen if now_s - waiting.since_s >= self._quiet_s]
        sent = [(waiting, no) for waiting, no in seen if now_s - waiting.since_s < self._quiet_s]
        late = [no for waiting, no in sent if now_s - waiting.first_s >= self._latest_s]
        return Due(quiet, late, busy=bool(sent))

    def forget(self, merchant_nos: Collection[int]) -> None:
        """They were dealt with."""
        for merchant_no in merchant_nos:
            self._waiting.pop(merchant_no, None)


class KeepingUp:
    """Runs in the background."""

    def __init__(
        self,
        portrayer: Portrayer,
        portraits: PortraitStore,
        claims: Claims,
        clock: Clock,
        *,
        poll_s: float,
        quiet_s: float,
        latest_s: float,
    ) -> None:
        self._portrayer = portrayer
        self._portraits = portraits
        self._claims = claims
        self._clock = clock
        self._poll_s = poll_s
        self._ripening = Ripening(quiet_s, latest_s)
        self._after = 0
        self._page_after: int | None = None
        self._page_day: date | None = None
        self._aside: dict[int, float] = {}
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Keeps up until cancelled. Raises Unavailable when the database is away; marks stay where they are."""
        await self._portrayer.prepare()
        while True:
            began = monotonic()
            rest = await self._round()
            await asyncio.sleep(max(self._poll_s, rest * (monotonic() - began)))

    async def _round(self) -> float:
        """Does what is most urgent, and says by how many times as long to rest."""
        due = await self._due()
        if due.quiet or due.late:
            await self._portray((due.quiet or due.late)[:MOST_TOGETHER])
            return LONG_REST if due.busy else REST
        return LONG_REST if await self._turn() else 0.0

    async def _due(self) -> Due:
        """Due merchants of the next page of marks."""
        marked = await self._portraits.marked(self._after, MARKED_AT_ONCE)
        self._after = marked[-1].merchant_no if len(marked) == MARKED_AT_ONCE else 0
        now_s = monotonic()
        self._aside = {no: until_s for no, until_s in self._aside.items() if until_s > now_s}
        willing = [one for one in marked if one.merchant_no not in self._aside]
        self._ripening.see(willing, now_s)
        return self._ripening.due(willing, now_s)

    async def _turn(self) -> bool:
        """Deals with some of the merchants whose portraits the start of the process or a new day outdated, if any are
        left; whether there was anything to do.
        """
        day = business_day(self._clock.now() - SETTLING)
        if self._page_day != day:
            self._page_day, self._page_after = day, 0
        if self._page_after is None:
            return False
        current = Current(settled_from(day), day - timedelta(days=TRADED_WITHIN_DAYS), FEATURE_VERSION)
        page = await self._portraits.page(self._page_after, PAGE_MERCHANTS, current)
        outdated = [no for no in page.outdated if no not in self._aside]
        if len(outdated) > MOST_TOGETHER:  # the rest is found again
            outdated = outdated[:MOST_TOGETHER]
            self._page_after = outdated[-1]
        else:
            self._page_after = page.last_no
        if outdated:
            await self._portray(outdated)
        return bool(outdated)

    async def _portray(self, merchant_nos: Sequence[int]) -> None:
        """Portrays those merchants that no other process is at."""
        claimed = await self._claims.take(merchant_nos)
        try:
            if claimed:
                await self._portray_claimed(claimed)
        finally:
            await self._claims.give()

    async def _portray_claimed(self, merchant_nos: Sequence[int]) -> None:
        """Portrays merchants; when that fails, one by one, and sets aside those that it fails for."""
        try:
            await self._portrayer.portray(merchant_nos, READ_AT_ONCE)
        except SyceeError:  # the database is away
            raise
        except Exception as error:
            self._log.warning("portraits failed, trying one by one", **logs.describe(error))
            await self._one_by_one(merchant_nos)
        self._ripening.forget(merchant_nos)

    async def _one_by_one(self, merchant_nos: Sequence[int]) -> None:
        for merchant_no in merchant_nos:
            try:
                await self._portrayer.portray([merchant_no], READ_AT_ONCE)
            except SyceeError:
                raise
            except Exception as error:
                self._log.error("portrait failed", merchant_no=merchant_no, **logs.describe(error))
                self._aside[merchant_no] = monotonic() + SET_ASIDE_S
