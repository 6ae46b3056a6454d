"""Erasing merchants' data: at once what has no ground to stay, and the rest when its hold has passed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Protocol

import asyncpg
from sycee_service.clock import SHANGHAI
from sycee_service.database import Database, Transaction
from sycee_service.errors import NotFound
from sycee_service.outbox import Event, Json

from sycee_ingestion.domain import erasure
from sycee_ingestion.domain.access import Access
from sycee_ingestion.domain.erasure import Ending, Erasure, Hold
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.merchant import Merchant
from sycee_ingestion.domain.shop_link import LinkState
from sycee_ingestion.sealing import KeyUse, Sealer
from sycee_ingestion.store.accesses import AccessStore
from sycee_ingestion.store.merchants import MERCHANT, open_merchant
from sycee_ingestion.store.quarantine import QuarantineStore

DELETED_AT_ONCE = 5_000

IDENTITY_RECORD = "erasure.identity"
"""The field that the record of who a merchant was is bound to."""

_FIND = f"{MERCHANT} where merchant_id = $1 for update of merchant"

_STRIP = """
update merchants set erased_at = $2, name = null, name_sealed = null, uscc = '', category = '', province_code = '',
    shops = '[]', opened_on = null, employee_count = null, register_status = null, registered_on = null,
    register_source = null, register_checked_at = null, operator_name_sealed = null, resident_id_sealed = null,
    phone_sealed = null, resident_id_digest = null, phone_digest = null, address_sealed = null, account_digests = '{}'
where merchant_no = $1
"""

_FORGET_CONTACT_KEY = "update merchant_keys set contact_key = null where merchant_no = $1"

_DERIVED = ("portraits", "merchant_days", "day_splits", "review_facts", "snapshots", "feeds", "link_keys")
"""Tables of what is made of events or of the registration: the events that are held can make it anew."""

_UNLINK = f"""
with gone as (delete from shop_links where first_no = $1 or second_no = $1 returning *)
select link_id, first.merchant_id as first_merchant_id, second.merchant_id as second_merchant_id,
    state = {LinkState.CONFIRMED:d} as confirmed
from gone join merchants as first on first.merchant_no = first_no
    join merchants as second on second.merchant_no = second_no
"""  # noqa: S608 - a number

_HELD_KINDS = f"array[{', '.join(str(kind.value) for kind in sorted(erasure.HELD_KINDS))}]::smallint[]"

# The digests in `event_keys` stay: they name nobody, and keep what was erased from coming back.
_DELETE_EVENTS = """
with gone as (delete from events where {which} returning kind)
select kind, count(*) as events from gone group by kind order by kind
"""
_DELETE_UNHELD = _DELETE_EVENTS.format(which=f"merchant_no = $1 and kind <> all({_HELD_KINDS})")
_DELETE_UNTIL = _DELETE_EVENTS.format(which="merchant_no = $1 and occurred_at <= $2")

_LAST_DAY = "select day from events where merchant_no = $1 order by occurred_at desc limit 1"

_ADD = """
insert into erasures (merchant_no, erased_at, relationship_ended_on, reason, requested_by, erased, identity_sealed)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_ADD_HOLDS = """
insert into holds (merchant_no, what, rule_id, until) select $1, * from unnest($2::text[], $3::text[], $4::date[])
"""
_ERASURE = "select erased_at, erased from erasures where merchant_no = $1"
_HOLDS = "select what, rule_id, until from holds where merchant_no = $1 order by what"

# Answers are remembered for some weeks, and those of these RPCs show the merchant. The length before the id keeps
# merchants apart whose ids begin alike: that is how a message holds a text.
_FORGET_ANSWERS = """
delete from idempotency
where (method like '%/RegisterMerchant' or method like '%/UpdateMerchant') and position($1::bytea in answer) > 0
"""

_OLD_TRANSACTIONS = f"""
select merchant_no from holds
where what = '{erasure.TRANSACTIONS}' and exists (
    select from events where events.merchant_no = holds.merchant_no and occurred_at < $1
)
limit 1
"""  # noqa: S608 - a constant
_BATCH_END = """
select occurred_at from events where merchant_no = $1 and occurred_at < $2 order by occurred_at
offset $3 limit 1
"""
_LAST_BEFORE = "select max(occurred_at) from events where merchant_no = $1 and occurred_at < $2"

_STRAY = """
select merchant_no from erasures
where exists (select from feeds where feeds.merchant_no = erasures.merchant_no)
    or exists (select from portraits where portraits.merchant_no = erasures.merchant_no)
    or exists (select from link_keys where link_keys.merchant_no = erasures.merchant_no)
    or exists (select from shop_links where erasures.merchant_no in (first_no, second_no))
limit 1
"""

_PASSED = f"select merchant_no from holds where what = '{erasure.IDENTITY}' and until < $1 order by until limit 1"  # noqa: S608 - a constant

_REMAINS = ("holds", "erasures", "merchant_keys", "merchants")
"""What is left of a merchant at the end, in the order in which it can go."""


class HeldDocuments(Protocol):
    """What erasing needs of the documents of merchants."""

    async def erase_photographs(self, tx: Transaction, merchant_no: int) -> int:
        """Deletes what proves nobody's identity (photographs of shops); returns how many documents that were."""
        ...

    async def count(self, tx: Transaction, merchant_no: int) -> int:
        """How many documents there are."""
        ...

    async def erase_all(self, tx: Transaction, merchant_no: int) -> None:
        """Deletes every document."""
        ...


class ErasureStore:
    """Takes merchants' data away."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        accesses: AccessStore,
        quarantine: QuarantineStore,
        documents: HeldDocuments | None = None,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._accesses = accesses
        self._quarantine = quarantine
        self._documents = documents

    async def erase(self, merchant_id: str, ending: Ending, today: date) -> Erasure:
        """Erases what may go and locks the rest, in one transaction with the event `merchant_erased`.

        Of a merchant that was erased before it says what became of it then. Raises NotFound.
        """
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(_FIND, merchant_id)
            if row is None:
                raise NotFound("merchant", merchant_id)
            merchant_no = row["merchant_no"]
            if row["erased_at"] is not None:
                return await _erasure(tx, merchant_no, merchant_id)
            gone = _values_there(open_merchant(self._sealer, row), accounts=bool(row["account_digests"]))
            await tx.driver.execute(_STRIP, merchant_no, ending.at)
            await tx.driver.execute(_FORGET_CONTACT_KEY, merchant_no)
            await tx.driver.execute(_FORGET_ANSWERS, _as_in_a_message(merchant_id))
            gone += await self._clear(tx, merchant_no)
            if await self._quarantine.purge_merchant(merchant_id):
                gone.append("quarantined_rows")
            holds = await self._holds(tx, merchant_no, ending.relationship_ended_on)
            done = Erasure(merchant_id, ending.at, tuple(gone), holds)
            await self._keep(tx, row, ending, done)
            await self._accesses.write(
                [Access(merchant_id, ending.at, ending.requested_by, "EraseMerchantData", "erasure", ending.reason)]
            )
            tx.emit(_erased(done))
            if all(hold.until < today for hold in holds):
                await self._delete(tx, merchant_no)
        return done

    async def clear_stray(self) -> int:
        """Clears what came to an erased merchant by a race with its erasure; 1 if there was such a merchant, else 0."""
        async with self._database.transaction() as tx:
            merchant_no = await tx.driver.fetchval(_STRAY)
            if merchant_no is None:
                return 0
            await self._clear(tx, merchant_no)
        return 1

    async def expire_transactions(self, today: date) -> int:
        """Deletes up to some 5,000 transactions of one erased merchant that are older than ten years; how many."""
        day = erasure.years_before(today, erasure.HOLD_YEARS)
        before = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
        async with self._database.transaction() as tx:
            merchant_no = await tx.driver.fetchval(_OLD_TRANSACTIONS, before)
            if merchant_no is None:
                return 0
            return await _delete_batch(tx, merchant_no, before)

    async def expire_merchant(self, today: date) -> int:
        """Deletes one merchant whose last hold has passed, with all that is left of it but the log of who read it.

        Its events go first, some 5,000 a call. Returns 0 when there is no such merchant, else 1 or more.
        """
        async with self._database.transaction() as tx:
            merchant_no = await tx.driver.fetchval(_PASSED, today)
            if merchant_no is None:
                return 0
            events = await _delete_batch(tx, merchant_no, datetime.max.replace(tzinfo=UTC))
            if events:
                return events
            await self._delete(tx, merchant_no)
        return 1

    async def _clear(self, tx: Transaction, merchant_no: int) -> list[str]:
        """Deletes what has no ground to stay; returns the kinds of what was there."""
        gone = []
        for table in _DERIVED:
            status: str = await tx.driver.execute(f"delete from {table} where merchant_no = $1", merchant_no)  # noqa: S608 - a constant
            if table in ("portraits", "review_facts") and not status.endswith(" 0"):
                gone.append(table)
        rows = await tx.driver.fetch(_DELETE_UNHELD, merchant_no)
        gone += [f"events.{EventKind(row['kind']).event_type}" for row in rows]
        links = await tx.driver.fetch(_UNLINK, merchant_no)
        if links:
            gone.append("links")
        for link in links:
            if link["confirmed"]:
                tx.emit(_unlinked(link))
        if self._documents is not None and await self._documents.erase_photographs(tx, merchant_no):
            gone.append("documents.shop_photo")
        return gone

    async def _holds(self, tx: Transaction, merchant_no: int, ended_on: date) -> tuple[Hold, ...]:
        last = await tx.driver.fetchval(_LAST_DAY, merchant_no)
        documents = self._documents is not None and await self._documents.count(tx, merchant_no) > 0
        return erasure.holds(ended_on, last, documents=documents)

    async def _keep(self, tx: Transaction, row: asyncpg.Record, ending: Ending, done: Erasure) -> None:
        """Stores the record of who the merchant was, sealed, and under which rules what is kept until when."""
        key = self._sealer.open_key(row["keys"][0], done.merchant_id, KeyUse.IDENTITY)
        record = identity_record(open_merchant(self._sealer, row))
        sealed = key.seal_text(json.dumps(record, ensure_ascii=False), IDENTITY_RECORD)
        said = (ending.at, ending.relationship_ended_on, ending.reason, ending.requested_by)
        await tx.driver.execute(_ADD, row["merchant_no"], *said, done.erased, sealed)
        kept = done.holds
        columns = ([hold.what for hold in kept], [hold.rule_id for hold in kept], [hold.until for hold in kept])
        await tx.driver.execute(_ADD_HOLDS, row["merchant_no"], *columns)

    async def _delete(self, tx: Transaction, merchant_no: int) -> None:
        """Deletes a merchant whose events are gone or few."""
        await self._clear(tx, merchant_no)
        await tx.driver.fetch(_DELETE_UNTIL, merchant_no, datetime.max.replace(tzinfo=UTC))
        if self._documents is not None:
            await self._documents.erase_all(tx, merchant_no)
        for table in _REMAINS:
            await tx.driver.execute(f"delete from {table} where merchant_no = $1", merchant_no)  # noqa: S608 - a constant


def identity_record(merchant: Merchant) -> dict[str, Json]:
    """What identifies a merchant and whoever runs it: what law wants kept."""
    entry, operator = merchant.register_entry, merchant.operator
    return {
        "name": merchant.name,
        "borrower_kind": merchant.borrower_kind.name,
        "uscc": merchant.uscc,
        "category": merchant.category,
        "province_code": merchant.province_code,
        "shops": [
            {
                "platform": shop.platform,
                "shop_id": shop.shop_id,
                "opened_on": None if shop.opened_on is None else shop.opened_on.isoformat(),
            }
            for shop in merchant.shops
        ],
        "register_entry": None
        if entry is None
        else {
            "status": entry.status,
            "registered_on": None if entry.registered_on is None else entry.registered_on.isoformat(),
            "source": entry.source,
            "checked_at": None if entry.checked_at is None else entry.checked_at.isoformat(),
        },
        "operator": None if operator is None else {"name": operator.name, "resident_id": operator.resident_id},
    }


def _values_there(merchant: Merchant, *, accounts: bool) -> list[str]:
    """The kinds of personal values of a registration that are there and go at once."""
    there: Mapping[str, bool] = {
        "operator.phone": merchant.operator is not None and bool(merchant.operator.phone),
        "address": bool(merchant.address),
        "settlement_accounts": accounts,
        "employee_count": merchant.employee_count is not None,
        "matching_keys": True,
    }
    return [name for name, is_there in there.items() if is_there]


async def _erasure(tx: Transaction, merchant_no: int, merchant_id: str) -> Erasure:
    row = await tx.driver.fetchrow(_ERASURE, merchant_no)
    rows = await tx.driver.fetch(_HOLDS, merchant_no)
    holds = tuple(Hold(hold["what"], hold["rule_id"], hold["until"]) for hold in rows)
    return Erasure(merchant_id, row["erased_at"], tuple(row["erased"]), holds)


async def _delete_batch(tx: Transaction, merchant_no: int, before: datetime) -> int:
    """Deletes a merchant's oldest events, some 5,000, of those before a moment; returns how many."""
    end = await tx.driver.fetchval(_BATCH_END, merchant_no, before, DELETED_AT_ONCE - 1)
    end = end or await tx.driver.fetchval(_LAST_BEFORE, merchant_no, before)
    if end is None:
        return 0
    rows = await tx.driver.fetch(_DELETE_UNTIL, merchant_no, end)
    return sum(row["events"] for row in rows)


def _as_in_a_message(merchant_id: str) -> bytes:
    raw = merchant_id.encode()  # at most 64 bytes, so that its length is one
    return len(raw).to_bytes(1, "big") + raw


def _erased(done: Erasure) -> Event:
    holds: list[Json] = [
        {"what": hold.what, "rule_id": hold.rule_id, "until": hold.until.isoformat()} for hold in done.holds
    ]
    data: dict[str, Json] = {"merchant_id": done.merchant_id, "erased": list(done.erased), "holds": holds}
    return Event("sycee.ingestion.merchant_erased.v1", done.merchant_id, data)


def _unlinked(link: asyncpg.Record) -> Event:
    names = ("link_id", "first_merchant_id", "second_merchant_id")
    return Event("sycee.ingestion.shops_unlinked.v1", link["first_merchant_id"], {name: link[name] for name in names})
