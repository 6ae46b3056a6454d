"""Keeps the screening lists at hand: reads the file, renews it without a restart, and says when it must not be used."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import structlog
from sycee_service.clock import Clock, business_day
from sycee_service.errors import Unavailable

from sycee_compliance.domain.screening import ScreeningList, ScreeningListError, read_list

SAMPLE_PUBLISHED = date(2026, 11, 1)
RETRY_AFTER_MS = 5_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """Lists in use, and when their file was published; None for the sample, which does not age."""

    lists: ScreeningList
    published: datetime | None


class ScreeningDesk:
    """Holds the newest lists that could be read. Unavailable is never clear.

    With a path, the age of the lists is that of the file: whoever delivers them renews it. Without one, the sample that
    ships with the service is used; it is invented, so it does not age.
    """

    def __init__(self, path: Path | None, max_age: timedelta, clock: Clock) -> None:
        self._path = path
        self._max_age = max_age
        self._clock = clock
        self._held: Held | None = None
        self._seen: tuple[int, int] | None = None

    def lists(self) -> ScreeningList:
        """The lists to screen against. Raises Unavailable when there are none or they are too old."""
        held = self._held
        if held is None:
            raise Unavailable("SCREENING_LIST_MISSING", "no screening list is loaded", RETRY_AFTER_MS)
        if held.published is not None and self._clock.now() - held.published > self._max_age:
            raise Unavailable("SCREENING_LIST_STALE", "the screening lists are too old", RETRY_AFTER_MS)
        return held.lists

    async def check(self) -> None:
        """Readiness: raises as `lists` does."""
        self.lists()

    def load(self) -> None:
        """Reads the lists if they changed. A file that cannot be used is logged; the lists before it keep their age."""
        try:
            if self._path is None:
                self._load_sample()
            else:
                self._load_file(self._path)
        except (OSError, ScreeningListError) as error:
            log.error("screening list unusable", file=str(self._path), error=str(error))  # noqa: TRY400 - no trace: the error says it all

    async def renew(self, every_s: float) -> None:
        """Looks for a newer file for ever; reading takes seconds for long lists, so it happens beside the loop."""
        while True:
            await asyncio.sleep(every_s)
            await asyncio.to_thread(self.load)

    def _load_sample(self) -> None:
        if self._held is None:
            sample = files("sycee_compliance").joinpath("lists", "simulated.csv")
            self._held = Held(read_list(sample.read_bytes(), SAMPLE_PUBLISHED), None)
            log.warning("screening against the simulated sample only", versions=self._held.lists.versions)

    def _load_file(self, path: Path) -> None:
        stat = path.stat()
        if (stat.st_mtime_ns, stat.st_size) == self._seen:
            return
        published = datetime.fromtimestamp(stat.st_mtime, UTC)
        lists = read_list(path.read_bytes(), business_day(published))
        self._held = Held(lists, published)
        self._seen = (stat.st_mtime_ns, stat.st_size)
        log.info("screening list loaded", versions=lists.versions, names=lists.name_count)
