"""Merchants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sycee_service.clock import Clock
from sycee_service.errors import InvalidArgument, NotFound, Violation

from sycee_ingestion.domain.merchant import Changes, Flaw, Merchant, SettlementAccount, flaws
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.store.merchants import MerchantStore


class MerchantService:
    """Registers merchants, changes and shows them."""

    def __init__(self, merchants: MerchantStore, clock: Clock) -> None:
        self._merchants = merchants
        self._clock = clock

    async def register_merchant(self, merchant: Merchant, accounts: Sequence[SettlementAccount]) -> Merchant:
        """Registers a merchant. Raises InvalidArgument for what is wrong with it, AlreadyExists."""
        _refuse(self._flaws(merchant))
        await self._merchants.add(merchant, accounts)
        return merchant

    async def update_merchant(self, merchant_id: str, changes: Changes) -> Merchant:
        """Changes what is said of a merchant, by the rules that registering has.

        Raises NotFound, InvalidArgument, FailedPrecondition (MERCHANT_ERASED).
        """

        def changed(before: Merchant) -> Merchant:
            after = replace(before, **changes.values)  # type: ignore[arg-type] # named by convert after the fields
            # What was wrong before (of a merchant met in a file, say) is no reason to refuse another field.
            borne = [flaw for flaw in self._flaws(before) if flaw.field.partition(".")[0] not in changes.names]
            _refuse([flaw for flaw in self._flaws(after) if flaw not in borne])
            return after

        return await self._merchants.change(merchant_id, changed, changes.accounts, changes.names)

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

    def _flaws(self, merchant: Merchant) -> list[Flaw]:
        return flaws(merchant, self._clock.now())


def _refuse(found: Sequence[Flaw]) -> None:
    if found:
        raise InvalidArgument.many([Violation(flaw.field, flaw.rule, flaw.value) for flaw in found])
