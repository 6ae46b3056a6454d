"""Merchants: registered once, changed, read one by one or by pages. What is personal reaches no statement unsealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import asyncpg
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sycee_service.database import Database, Transaction
from sycee_service.errors import AlreadyExists, NotFound
from sycee_service.outbox import Event, Json

from sycee_ingestion.domain.linking import Party
from sycee_ingestion.domain.merchant import (
    BorrowerKind,
    Merchant,
    RegisterEntry,
    SettlementAccount,
    Shop,
    opened_on,
    refuse_erased,
)
from sycee_ingestion.schema.merchants import merchants
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store import link_keys, personal
from sycee_ingestion.store.links import GROUP
from sycee_ingestion.store.portraits import UNSETTLE

_COLUMNS = ", ".join(f"merchant.{column.name}" for column in merchants.columns)

MERCHANT = f"select {_COLUMNS}, {personal.KEYS}, {GROUP} from merchants as merchant"  # noqa: S608 - names of columns
"""What `open_merchant` reads."""

_FIND = f"{MERCHANT} where merchant_id = $1"
_FIND_TO_CHANGE = f"{_FIND} for update of merchant"
_PAGE = f"{MERCHANT} where merchant_id > $1 order by merchant_id limit $2"

_KEEP_KEYS = """
insert into merchant_keys (merchant_no, identity_key, contact_key)
select * from unnest($1::integer[], $2::bytea[], $3::bytea[])
"""


class MerchantStore:
    """The register of merchants."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def add(self, merchant: Merchant, accounts: Sequence[SettlementAccount] = ()) -> None:
        """Stores a merchant together with its event `merchant_registered`. Raises AlreadyExists, changing nothing."""
        async with self._database.transaction() as tx:
            if not await self._insert(tx, {merchant.merchant_id: merchant}, accounts):
                raise AlreadyExists("MERCHANT_EXISTS", "the merchant_id is taken", merchant_id=merchant.merchant_id)

    async def add_missing(self, candidates: Collection[Merchant]) -> None:
        """Stores those merchants that are not there yet, each with its event; the others stay as they are."""
        ordered = sorted(candidates, key=lambda merchant: merchant.merchant_id)
        if not ordered:
            return
        async with self._database.transaction() as tx:
            await self._insert(tx, {merchant.merchant_id: merchant for merchant in ordered}, ())

    async def change(
        self,
        merchant_id: str,
        changed: Callable[[Merchant], Merchant],
        accounts: Sequence[SettlementAccount] | None,
        names: Sequence[str],
    ) -> Merchant:
        """Stores what `changed` makes of a merchant, and its accounts unless None, with the event `merchant_updated`.

        `changed` may raise to stop it; nobody else changes the merchant meanwhile. Raises NotFound, FailedPrecondition
        (MERCHANT_ERASED).
        """
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(_FIND_TO_CHANGE, merchant_id)
            if row is None:
                raise NotFound("merchant", merchant_id)
            refuse_erased(merchant_id, row["erased_at"])
            after = changed(self._merchant(row))
            values = self._values(personal.open_keys(self._sealer, merchant_id, row["keys"]), after)
            values["account_digests"] = row["account_digests"] if accounts is None else self._digests(accounts)
            statement = update(merchants).where(merchants.c.merchant_no == row["merchant_no"]).values(values)
            await tx.execute(statement)
            await link_keys.replace(tx, self._sealer, row["merchant_no"], _party(after, values))
            await tx.driver.execute(UNSETTLE, row["merchant_no"])
            data: dict[str, Json] = {"merchant_id": merchant_id, "fields": list(names)}
            tx.emit(Event("sycee.ingestion.merchant_updated.v1", merchant_id, data))
        return after

    async def get(self, merchant_id: str) -> Merchant | None:
        """A merchant with its personal data opened, or None. Of an erased one little is left."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND, merchant_id)
        return None if row is None else self._merchant(row)

    async def page(self, after: str, size: int) -> list[Merchant]:
        """Up to `size` merchants whose id follows `after`, by id."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PAGE, after, size)
        return [self._merchant(row) for row in rows]

    async def _insert(
        self, tx: Transaction, new: Mapping[str, Merchant], accounts: Sequence[SettlementAccount]
    ) -> bool:
        """Stores those that are missing, with their keys, what they are found by, and their events; whether any was."""
        keys = {merchant_id: personal.new_keys(self._sealer, merchant_id) for merchant_id in new}
        values = {merchant_id: self._values(keys[merchant_id][0], merchant) for merchant_id, merchant in new.items()}
        for row in values.values():
            row["account_digests"] = self._digests(accounts)
        statement = insert(merchants).values(list(values.values())).on_conflict_do_nothing()
        added = await tx.execute(statement.returning(merchants.c.merchant_no, merchants.c.merchant_id))
        if not added:
            return False
        numbers = {row["merchant_id"]: row["merchant_no"] for row in added}
        wrapped = [keys[merchant_id][1] for merchant_id in numbers]
        columns = ([identity for identity, _ in wrapped], [contact for _, contact in wrapped])
        await tx.driver.execute(_KEEP_KEYS, list(numbers.values()), *columns)
        parties = {no: _party(new[merchant_id], values[merchant_id]) for merchant_id, no in numbers.items()}
        await link_keys.enter(tx, self._sealer, parties)
        for merchant_id in sorted(numbers):
            tx.emit(_registered(new[merchant_id]))
        return True

    def _digests(self, accounts: Sequence[SettlementAccount]) -> list[bytes]:
        return personal.account_digests(self._sealer, [account.number for account in accounts])

    def _values(self, keys: personal.MerchantKeys, merchant: Merchant) -> dict[str, object]:
        """All columns but the digests of accounts."""
        entry = merchant.register_entry
        return {
            "merchant_id": merchant.merchant_id,
            "borrower_kind": merchant.borrower_kind.value,
            "uscc": merchant.uscc,
            "category": merchant.category,
            "province_code": merchant.province_code,
            "shops": [_shop_to_json(shop) for shop in merchant.shops],
            "opened_on": opened_on(merchant.shops),
            "employee_count": merchant.employee_count,
            "register_status": None if entry is None else entry.status,
            "registered_on": None if entry is None else entry.registered_on,
            "register_source": None if entry is None else entry.source,
            "register_checked_at": None if entry is None else entry.checked_at,
            "simulated": merchant.simulated,
            "created_at": merchant.created_at,
            **personal.sealed_values(self._sealer, keys, merchant),
        }

    def _merchant(self, row: asyncpg.Record) -> Merchant:
        return erased_merchant(row) if row["erased_at"] is not None else open_merchant(self._sealer, row)


def open_merchant(sealer: Sealer, row: asyncpg.Record) -> Merchant:
    """A merchant that was not erased, out of `MERCHANT`."""
    keys = personal.open_keys(sealer, row["merchant_id"], row["keys"])
    identity = personal.identity_with(keys, row)
    return Merchant(
        merchant_id=row["merchant_id"],
        name=identity.name,
        borrower_kind=BorrowerKind(row["borrower_kind"]),
        uscc=row["uscc"],
        category=row["category"],
        province_code=row["province_code"],
        shops=tuple(_shop_from_json(shop) for shop in json.loads(row["shops"])),
        employee_count=row["employee_count"],
        operator=identity.operator,
        register_entry=_register_entry(row),
        simulated=row["simulated"],
        created_at=row["created_at"],
        address=personal.open_address(keys, row),
        linked_merchant_ids=tuple(row["linked_merchant_ids"] or ()),
    )


def erased_merchant(row: asyncpg.Record) -> Merchant:
    """What may be shown of an erased merchant: that it was one."""
    return Merchant(
        merchant_id=row["merchant_id"],
        name="",
        borrower_kind=BorrowerKind.UNSPECIFIED,
        uscc="",
        category="",
        province_code="",
        shops=(),
        employee_count=None,
        operator=None,
        register_entry=None,
        simulated=row["simulated"],
        created_at=row["created_at"],
        erased_at=row["erased_at"],
    )


def _party(merchant: Merchant, values: Mapping[str, Any]) -> Party:
    """A merchant as links are sought for it, with the digests that its columns hold."""
    return Party.of(
        merchant.merchant_id,
        name=merchant.name,
        uscc=merchant.uscc,
        resident_id=values["resident_id_digest"],
        phone=values["phone_digest"],
        accounts=values["account_digests"],
        address=merchant.address,
    )


def _register_entry(row: asyncpg.Record) -> RegisterEntry | None:
    if row["register_status"] is None:
        return None
    checked_at: datetime | None = row["register_checked_at"]
    return RegisterEntry(row["register_status"], row["registered_on"], row["register_source"], checked_at)


def _shop_to_json(shop: Shop) -> dict[str, str | None]:
    opened = None if shop.opened_on is None else shop.opened_on.isoformat()
    return {"platform": shop.platform, "shop_id": shop.shop_id, "opened_on": opened}


def _shop_from_json(shop: dict[str, Any]) -> Shop:
    opened = shop["opened_on"]
    return Shop(shop["platform"], shop["shop_id"], None if opened is None else date.fromisoformat(opened))


def _registered(merchant: Merchant) -> Event:
    data: dict[str, Json] = {"merchant_id": merchant.merchant_id, "simulated": merchant.simulated}
    return Event("sycee.ingestion.merchant_registered.v1", merchant.merchant_id, data)
