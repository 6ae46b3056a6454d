"""Merchants: registered once, read one by one or by pages. Personal data is sealed before it reaches a statement."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import asyncpg
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sycee_service.database import Database
from sycee_service.errors import AlreadyExists
from sycee_service.outbox import Event, Json

from sycee_ingestion.domain.merchant import BorrowerKind, Merchant, RegisterEntry, Shop, opened_on
from sycee_ingestion.schema import merchants
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store.personal import open_identity, sealed_values


class MerchantStore:
    """The register of merchants."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def add(self, merchant: Merchant) -> None:
        """Stores a merchant together with its event `merchant_registered`. Raises AlreadyExists, changing nothing."""
        async with self._database.transaction() as tx:
            statement = insert(merchants).values(self._values(merchant)).on_conflict_do_nothing()
            if not await tx.execute(statement.returning(merchants.c.merchant_no)):
                raise AlreadyExists("MERCHANT_EXISTS", "the merchant_id is taken", merchant_id=merchant.merchant_id)
            tx.emit(_registered(merchant))

    async def add_missing(self, candidates: Collection[Merchant]) -> None:
        """Stores those merchants that are not there yet, each with its event; the others stay as they are."""
        ordered = sorted(candidates, key=lambda merchant: merchant.merchant_id)
        if not ordered:
            return
        async with self._database.transaction() as tx:
            statement = insert(merchants).values([self._values(merchant) for merchant in ordered])
            added = await tx.execute(statement.on_conflict_do_nothing().returning(merchants.c.merchant_id))
            new_ids = {row["merchant_id"] for row in added}
            for merchant in ordered:
                if merchant.merchant_id in new_ids:
                    tx.emit(_registered(merchant))

    async def get(self, merchant_id: str) -> Merchant | None:
        """A merchant with its personal data opened, or None."""
        async with self._database.reading() as tx:
            rows = await tx.execute(select(merchants).where(merchants.c.merchant_id == merchant_id))
        return self._merchant(rows[0]) if rows else None

    async def page(self, after: str, size: int) -> list[Merchant]:
        """Up to `size` merchants whose id follows `after`, by id."""
        statement = select(merchants).where(merchants.c.merchant_id > after)
        async with self._database.reading() as tx:
            rows = await tx.execute(statement.order_by(merchants.c.merchant_id).limit(size))
        return [self._merchant(row) for row in rows]

    def _values(self, merchant: Merchant) -> dict[str, object]:
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
            **sealed_values(self._sealer, merchant),
        }

    def _merchant(self, row: asyncpg.Record) -> Merchant:
        identity = open_identity(self._sealer, row)
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
