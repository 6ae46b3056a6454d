"""The quarantine: what could not be read, sealed under a key of its import's own, until it is released or purged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from os import urandom

import asyncpg
from sycee_service.database import Database, Transaction, TransactionContext

from sycee_ingestion.domain.quarantine import Held, OpenedRow, Origin, QuarantinedRow, QuarantineState, Verdict
from sycee_ingestion.sealing import KEY_BYTES, DataKey, Sealer

_MOST_KEYS_KEPT = 1_000
_DIGEST_BYTES = 16
_PURGED_AT_ONCE = 10_000
_REWRAPPED_AT_ONCE = 500

_NEW_KEY = "insert into quarantine_keys (origin, wrapped_key) values ($1, $2) on conflict (origin) do nothing"
_KEY = "select wrapped_key from quarantine_keys where origin = $1"

_HOLD = """
insert into quarantine (origin, subject, place, item, digest, merchant_digest, state, reason, field, description,
    tries, sealed, held_at)
select $1, $2, place, item, digest, merchant_digest, 1, reason, field, description, 0, sealed, $3
from unnest($4::bigint[], $5::integer[], $6::bytea[], $7::text[], $8::bytea[], $9::text[], $10::text[], $11::text[],
    $12::bytea[]) as held (place, item, digest, merchant_id, merchant_digest, reason, field, description, sealed)
where not exists (select from merchants where merchants.merchant_id = held.merchant_id and erased_at is not null)
order by place, item
on conflict (origin, place, item, digest) do nothing
"""

_ERASED = "select merchant_id from merchants where merchant_id = any($1::text[]) and erased_at is not null"

_SHOWN = "quarantine_no, state, origin, subject, place, reason, field, description, held_at, released_at"

_PAGE = f"""
select {_SHOWN} from quarantine
where quarantine_no > $1 and ($2 = '' or (origin = $2 and subject = '')) and ($3 = 0 or state = $3)
order by quarantine_no limit $4
"""  # noqa: S608 - names of columns

_OPENED = "quarantine_no, origin, subject, place, item, tries, sealed"

_NEXT = f"""
select {_OPENED} from quarantine
where origin = $1 and state = 1 and not (quarantine_no = any($2::bigint[]))
order by tries, quarantine_no limit $3
"""  # noqa: S608 - names of columns

_NAMED = f"select {_OPENED}, state from quarantine where quarantine_no = any($1::bigint[])"  # noqa: S608 - names of columns

_LOCK = """
select quarantine_no from quarantine where quarantine_no = any($1::bigint[]) and state = 1
order by quarantine_no for update
"""

_RELEASE = """
update quarantine set state = 2, released_at = $2, sealed = null, request_id = $3, was_stored = $4
where quarantine_no = any($1::bigint[])
"""

_KEEP = """
update quarantine as kept
set reason = said.reason, field = said.field, description = said.description, tries = kept.tries + 1
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as said (quarantine_no, reason, field, description)
where kept.quarantine_no = said.quarantine_no
"""

_FORGET = "update quarantine set sealed = null where quarantine_no = any($1::bigint[])"

_RELEASED = "select was_stored, count(*) as rows from quarantine where request_id = $1 group by was_stored"

_LEFT = """
select count(*) from quarantine
where origin = $1 and state = 1 and tries < $2 and not (quarantine_no = any($3::bigint[]))
"""

_HELD = "select count(*) from quarantine where origin = $1 and state = 1"

_PURGE = """
delete from quarantine where ctid = any(array(
    select ctid from quarantine where held_at < $1 order by held_at limit $2))
"""

_PURGE_MERCHANT = "delete from quarantine where merchant_digest = $1"

_PURGE_KEYS = """
delete from quarantine_keys using imports
where imports.import_id = quarantine_keys.origin and imports.state <> 1
    and not exists (select from quarantine where quarantine.origin = quarantine_keys.origin)
"""
"""Of imports that have ended and of which nothing is held: no process seals with what it remembers of their keys."""

_OLD_KEYS = (
    "select origin, wrapped_key from quarantine_keys where substring(wrapped_key for $1) <> $2 limit $3 for update"
)

_REWRAP = """
update quarantine_keys set wrapped_key = new.wrapped_key
from unnest($1::text[], $2::bytea[]) as new (origin, wrapped_key) where quarantine_keys.origin = new.origin
"""


class QuarantineStore:
    """What is held. `hold`, `release` and `keep` join the caller's transaction."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._keys: dict[str, DataKey] = {}

    def transaction(self) -> TransactionContext:
        """A transaction that the methods here and a merge join."""
        return self._database.transaction()

    async def prepare(self, origin: Origin) -> None:
        """Makes the key that seals what is held of an origin; call it before a transaction that holds anything.

        A key that a transaction makes and that does not survive it would have sealed for nobody.
        """
        if origin.name in self._keys:
            return
        async with self._database.transaction() as tx:
            wrapped = self._sealer.keyring.wrap(urandom(KEY_BYTES), _owner(origin.name))
            await tx.driver.execute(_NEW_KEY, origin.name, wrapped)
        async with self._database.reading() as tx:
            await self._known_key(tx, origin.name)

    async def hold(self, origin: Origin, rows: Sequence[Held], held_at: datetime) -> None:
        """Holds rows; one that is there already (same origin, place and content), released or not, stays as it is.

        Nothing is held of a merchant that was erased meanwhile: ask `erased` before.
        """
        if not rows:
            return
        async with self._database.transaction() as tx:
            key = self._keys.get(origin.name) or await self._known_key(tx, origin.name)
            columns = list(zip(*(self._columns(key, origin, row) for row in rows), strict=True))
            await tx.driver.execute(_HOLD, origin.name, origin.subject, held_at, *columns)

    async def erased(self, merchant_ids: Collection[str]) -> set[str]:
        """Those of the merchants whose data was erased."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_ERASED, [one for one in merchant_ids if "\x00" not in one])
        return {row["merchant_id"] for row in rows}

    async def page(self, after: int, import_id: str, state: QuarantineState | None, size: int) -> list[QuarantinedRow]:
        """Up to `size` rows whose number follows `after`, oldest first; of one import and in one state where asked."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PAGE, after, import_id, 0 if state is None else int(state), size)
        return [_shown(row) for row in rows]

    async def next_held(self, origin: str, without: Sequence[int], size: int) -> list[OpenedRow]:
        """Up to `size` held rows of an origin, those that were tried least first. Raises FailedPrecondition."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_NEXT, origin, list(without), size)
            return await self._opened(tx, rows)

    async def named(self, numbers: Sequence[int]) -> tuple[list[OpenedRow], set[int]]:
        """Of the rows with these numbers those that are held, and the numbers of all that there are."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_NAMED, list(numbers))
            held = [row for row in rows if row["state"] == QuarantineState.HELD]
            return await self._opened(tx, held), {row["quarantine_no"] for row in rows}

    async def lock(self, numbers: Sequence[int]) -> set[int]:
        """Keeps others off rows until the caller's transaction ends; those of them that are held still."""
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(_LOCK, list(numbers))
        return {row["quarantine_no"] for row in rows}

    async def release(self, numbers: Sequence[int], request_id: str, at: datetime, *, stored: bool) -> None:
        """Marks rows as released; what stood there is gone from the quarantine. `stored`: now, not before."""
        if numbers:
            async with self._database.transaction() as tx:
                await tx.driver.execute(_RELEASE, list(numbers), at, request_id, 1 if stored else 2)

    async def keep(self, verdicts: Sequence[Verdict], forgotten: Sequence[int]) -> None:
        """Writes why rows stay held; of the `forgotten` ones what stood there goes."""
        if not verdicts:
            return
        numbers, reasons, fields, descriptions = zip(
            *((one.quarantine_no, one.reason, one.field, one.description) for one in verdicts), strict=True
        )
        async with self._database.transaction() as tx:
            await tx.driver.execute(_KEEP, list(numbers), list(reasons), list(fields), list(descriptions))
            if forgotten:
                await tx.driver.execute(_FORGET, list(forgotten))

    async def released_by(self, request_id: str) -> tuple[int, int]:
        """How many rows a request has released: stored by it, there before."""
        async with self._database.reading() as tx:
            found = {row["was_stored"]: row["rows"] for row in await tx.driver.fetch(_RELEASED, request_id)}
        return found.get(1, 0), found.get(2, 0)

    async def held_count(self, origin: str) -> int:
        """How many rows of an origin are held."""
        async with self._database.reading() as tx:
            found: int = await tx.driver.fetchval(_HELD, origin)
        return found

    async def any_left(self, origin: str, tries: int, without: Sequence[int]) -> bool:
        """Whether rows of an origin are held that were tried less often than `tries`, others than `without`."""
        async with self._database.reading() as tx:
            return bool(await tx.driver.fetchval(_LEFT, origin, tries, list(without)))

    async def purge_before(self, moment: datetime) -> int:
        """Deletes what was held before a moment, released or not, and keys that seal nothing more; how many rows."""
        gone = 0
        while True:
            async with self._database.transaction() as tx:
                status: str = await tx.driver.execute(_PURGE, moment, _PURGED_AT_ONCE)
            purged = int(status.rpartition(" ")[2])
            gone += purged
            if purged < _PURGED_AT_ONCE:
                break
        async with self._database.transaction() as tx:
            await tx.driver.execute(_PURGE_KEYS)
        self._keys.clear()
        return gone

    async def purge_merchant(self, merchant_id: str) -> int:
        """Deletes what is held of a merchant, as far as its rows say whose they are; how many rows."""
        async with self._database.transaction() as tx:
            status: str = await tx.driver.execute(_PURGE_MERCHANT, merchant_digest(self._sealer, merchant_id))
        return int(status.rpartition(" ")[2])

    async def rewrap(self) -> int:
        """Wraps up to 500 keys anew where an older master key wraps them; how many there were."""
        keyring = self._sealer.keyring
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(_OLD_KEYS, len(keyring.newest), keyring.newest, _REWRAPPED_AT_ONCE)
            origins = [row["origin"] for row in rows]
            keys = [keyring.unwrap(row["wrapped_key"], _owner(row["origin"])) for row in rows]
            wrapped = [keyring.wrap(key, _owner(origin)) for key, origin in zip(keys, origins, strict=True)]
            await tx.driver.execute(_REWRAP, origins, wrapped)
        return len(rows)

    async def _known_key(self, tx: Transaction, origin: str) -> DataKey:
        wrapped: bytes = await tx.driver.fetchval(_KEY, origin)
        if len(self._keys) >= _MOST_KEYS_KEPT:
            self._keys.clear()
        key = self._keys[origin] = DataKey(self._sealer.keyring.unwrap(wrapped, _owner(origin)))
        return key

    def _columns(self, key: DataKey, origin: Origin, row: Held) -> tuple[object, ...]:
        digest = self._sealer.digest(f"{origin.subject}\x00{row.content}", "quarantine")[:_DIGEST_BYTES]
        sealed = key.seal_text(row.content, _field(row.place, row.item))
        merchant_id = _storable(row.merchant_id or "")
        said = (row.reason, row.field, row.description)
        named = (merchant_id, merchant_digest(self._sealer, merchant_id) if merchant_id else None)
        return (row.place, row.item, digest, *named, *(_storable(text) for text in said), sealed)

    async def _opened(self, tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[OpenedRow]:
        keys: Mapping[str, DataKey] = {
            origin: self._keys.get(origin) or await self._known_key(tx, origin)
            for origin in {row["origin"] for row in rows if row["sealed"] is not None}
        }
        return [
            OpenedRow(
                quarantine_no=row["quarantine_no"],
                origin=Origin(row["origin"], row["subject"]),
                place=row["place"],
                tries=row["tries"],
                content=None
                if row["sealed"] is None
                else keys[row["origin"]].open_text(row["sealed"], _field(row["place"], row["item"])),
            )
            for row in rows
        ]


def merchant_digest(sealer: Sealer, merchant_id: str) -> bytes:
    """What `merchant_digest` holds of a merchant. The column that names it may be a wrong one, so no name is stored."""
    return sealer.digest(merchant_id, "quarantine merchant")[:_DIGEST_BYTES]


def _owner(origin: str) -> str:
    return f"quarantine\x00{origin}"


def _field(place: int, item: int) -> str:
    return f"{place}.{item}"


def _storable(text: str) -> str:
    """A text that PostgreSQL can hold."""
    return text.replace("\x00", "\ufffd")


def _shown(row: asyncpg.Record) -> QuarantinedRow:
    return QuarantinedRow(
        quarantine_no=row["quarantine_no"],
        state=QuarantineState(row["state"]),
        origin=Origin(row["origin"], row["subject"]),
        place=row["place"],
        reason=row["reason"],
        field=row["field"],
        description=row["description"],
        held_at=row["held_at"],
        released_at=row["released_at"],
    )
