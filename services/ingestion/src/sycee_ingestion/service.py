"""What the service does for its callers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sycee_service.clock import Clock, business_day
from sycee_service.errors import InvalidArgument, NotFound, Violation

from sycee_ingestion.domain.event import CLOCK_SKEW, EARLIEST_DAY
from sycee_ingestion.domain.imports import Import, ImportState
from sycee_ingestion.domain.merchant import Identity, Merchant, flaws
from sycee_ingestion.domain.profile import Profile, portray
from sycee_ingestion.importing import Importer
from sycee_ingestion.portraits import Portrait, PortraitCache
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.profiles import ProfileStore

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """A portrait, the moment that it was asked for, and whom it belongs to when that was asked for.

    The same `profile` object stands for the same portrait for as long as nothing new is stored of the merchant.
    """

    profile: Profile
    as_of: datetime
    identity: Identity | None


class IngestionService:
    """Use cases over the stores; `watch_interval_s` is how often a watched import is looked at."""

    def __init__(
        self,
        merchants: MerchantStore,
        profiles: ProfileStore,
        imports: ImportStore,
        *,
        importer: Importer,
        portraits: PortraitCache,
        clock: Clock,
        watch_interval_s: float,
    ) -> None:
        self._merchants = merchants
        self._profiles = profiles
        self._imports = imports
        self._importer = importer
        self._portraits = portraits
        self._clock = clock
        self._watch_interval_s = watch_interval_s

    async def register_merchant(self, merchant: Merchant) -> Merchant:
        """Registers a merchant. Raises InvalidArgument for what is wrong with it, AlreadyExists."""
        found = flaws(merchant, business_day(self._clock.now()))
        if found:
            raise InvalidArgument.many([Violation(flaw.field, flaw.rule, flaw.value) for flaw in found])
        await self._merchants.add(merchant)
        return merchant

    async def get_merchant(self, merchant_id: str) -> Merchant:
        """A merchant. Raises NotFound."""
        merchant = await self._merchants.get(merchant_id)
        if merchant is None:
            raise NotFound("merchant", merchant_id)
        return merchant

    async def list_merchants(self, after: str, size: int) -> tuple[list[Merchant], str]:
        """A page of merchants whose id follows `after`, and the id to go on after: empty on the last page."""
        size = size or DEFAULT_PAGE_SIZE
        page = await self._merchants.page(after, size + 1)
        return page[:size], page[size - 1].merchant_id if len(page) > size else ""

    async def get_profile(self, merchant_id: str, as_of: datetime | None, *, with_identity: bool) -> Answer:
        """The portrait of a merchant as of a moment (None is now), and whom it belongs to when that is asked for.

        Events enter by their whole business day: those of days before that of `as_of` and, where that day is today,
        what came of today as well; windows always end with the last whole day. Raises NotFound, InvalidArgument.
        """
        now = self._clock.now()
        moment = now if as_of is None else _checked_as_of(as_of, now)
        today = business_day(moment)
        until = today + timedelta(days=1) if today == business_day(now) else today
        kept = self._portraits.get(merchant_id, today, until)
        if kept is not None:
            head = await self._profiles.head(merchant_id, with_identity=with_identity)
            if head is not None and head.version == kept.version and head.traits == kept.profile.traits:
                return Answer(kept.profile, moment, head.identity)
        found = await self._profiles.facts(merchant_id, today, until, with_identity=with_identity)
        if found is None:
            raise NotFound("merchant", merchant_id)
        head, facts = found
        profile = portray(facts)
        self._portraits.keep(merchant_id, today, until, Portrait(profile, head.version))
        return Answer(profile, moment, head.identity)

    async def import_file(self, path: str, mapping_yaml: str) -> Import:
        """Begins an import. Raises NotFound, InvalidArgument when file and mapping do not fit each other."""
        await asyncio.to_thread(self._importer.plan, path, mapping_yaml)
        begun = Import(
            import_id=str(uuid.uuid4()),
            path=path,
            mapping_yaml=mapping_yaml,
            state=ImportState.RUNNING,
            file_digest=None,
            row_count=None,
            done_count=0,
            accepted_count=0,
            duplicate_count=0,
            reject_count=0,
            first_rejects=(),
            error="",
            created_at=self._clock.now(),
            ended_at=None,
        )
        await self._imports.add(begun)
        return begun

    async def get_import(self, import_id: str) -> Import:
        """An import. Raises NotFound."""
        found = await self._imports.get(import_id)
        if found is None:
            raise NotFound("import", import_id)
        return found

    async def watch_import(self, import_id: str) -> AsyncIterator[Import]:
        """An import now and whenever it has moved, until it has ended. Raises NotFound."""
        shown: Import | None = None
        while shown is None or not shown.ended:
            found = await self.get_import(import_id)
            if found != shown:
                yield found
            shown = found
            if not found.ended:
                await asyncio.sleep(self._watch_interval_s)


def _checked_as_of(as_of: datetime, now: datetime) -> datetime:
    """A caller's clock may be a little ahead of ours, as an event's may: that is now."""
    if as_of > now + CLOCK_SKEW:
        raise InvalidArgument("as_of", "must not lie in the future", value=as_of.isoformat())
    if business_day(as_of) < EARLIEST_DAY:
        raise InvalidArgument("as_of", f"must not lie before {EARLIEST_DAY}", value=as_of.isoformat())
    return min(as_of, now)
