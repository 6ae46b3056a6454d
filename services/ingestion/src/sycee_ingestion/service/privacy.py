"""What people may ask of the data that is stored of them (rule CN-PIPL-05), and who has read it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import date

from sycee_service.clock import Clock, business_day

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.domain.access import Access
from sycee_ingestion.domain.erasure import Ending, Erasure, relationship_end
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.store.accesses import AccessStore, Place
from sycee_ingestion.store.erasures import ErasureStore
from sycee_ingestion.store.exports import Exported, ExportStore


class PrivacyService:
    """Exports and erases merchants' data, and shows who has read it."""

    def __init__(
        self, exports: ExportStore, erasures: ErasureStore, accesses: AccessStore, log: AccessLog, clock: Clock
    ) -> None:
        self._exports = exports
        self._erasures = erasures
        self._accesses = accesses
        self._log = log
        self._clock = clock

    async def export(self, merchant_id: str, purpose: str) -> AsyncGenerator[Exported, None]:
        """Everything stored of a merchant; the reading is written down before anything is shown. Raises NotFound."""
        found = await self._exports.find(merchant_id)
        await self._log.record(merchant_id, "ExportMerchantData", "everything", purpose)
        async for exported in self._exports.lines(found):
            yield exported

    async def erase(self, merchant_id: str, reason: str, ended_on: date | None, by: str) -> Erasure:
        """Erases what may go and locks what law wants kept. Raises NotFound, InvalidArgument."""
        now = self._clock.now()
        today = business_day(now)
        ending = Ending(by, reason, now, relationship_end(ended_on, today))
        return await self._erasures.erase(merchant_id, ending, today)

    async def list_accesses(
        self, merchant_id: str, after: Place | None, size: int
    ) -> tuple[list[Access], Place | None]:
        """A page of readings of a merchant's data, newest first, and where to go on; None on the last page.

        Raises NotFound.
        """
        size = size or DEFAULT_PAGE_SIZE
        page = await self._accesses.page(merchant_id, after, size + 1)
        last = page[size - 1] if len(page) > size else None
        return [access for _, access in page[:size]], None if last is None else (last[1].at, last[0])
