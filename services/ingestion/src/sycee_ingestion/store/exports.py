"""Everything that is stored of one merchant, a bounded page of rows at a time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg
from sycee_service.database import Database
from sycee_service.errors import NotFound

from sycee_ingestion.domain.merchant import Merchant
from sycee_ingestion.sealing import KeyUse, Sealer
from sycee_ingestion.store.erasures import IDENTITY_RECORD, identity_record
from sycee_ingestion.store.merchants import MERCHANT, erased_merchant, open_merchant
from sycee_ingestion.store.quarantine import merchant_digest

PAGE_ROWS = 500

_FIND = f"""
select found.*, erasures.relationship_ended_on, erasures.reason, erasures.erased, erasures.identity_sealed
from ({MERCHANT} where merchant_id = $1) as found left join erasures using (merchant_no)
"""  # noqa: S608 - built of constants
_HOLDS = "select what, rule_id, until from holds where merchant_no = $1 order by what"
_QUARANTINED = "select count(*) from quarantine where merchant_digest = $1"
_PORTRAIT = "select made_at, profile from portraits where merchant_no = $1"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One thing that is stored, under the name of its kind."""

    kind: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, repr=False)
class StoredEvent:
    """One revision of an event as it came; `body` is serialised, of the kind with this number."""

    kind: int
    source: str
    event_id: str
    revision: int
    withdrawn: bool
    occurred_at: datetime
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class StoredPortrait:
    """The newest portrait; `profile` is serialised."""

    made_at: datetime
    profile: bytes


Exported = Line | StoredEvent | StoredPortrait


@dataclass(frozen=True, slots=True)
class _Listed:
    """A table that is exported line by line: its columns and the ones that give its rows an order, the last unique."""

    kind: str
    table: str
    columns: Sequence[str]
    key: Sequence[tuple[str, str]]
    """Columns and their types."""

    def statement(self) -> str:
        """Up to $2 rows of merchant $1 that follow the key in $3, $4 …; NULL begins."""
        names = ", ".join(name for name, _ in self.key)
        after = ", ".join(f"${place}::{kind}" for place, (_, kind) in enumerate(self.key, start=3))
        columns = ", ".join(dict.fromkeys((*self.columns, *(name for name, _ in self.key))))
        return (
            f"select {columns} from {self.table} where merchant_no = $1 "  # noqa: S608 - names of columns
            f"and ($3::{self.key[0][1]} is null or ({names}) > ({after})) order by {names} limit $2"
        )


_EVENTS = _Listed(
    "event",
    "events",
    ("kind", "withdrawn", "received_at", "body"),
    (("occurred_at", "timestamptz"), ("source", "text"), ("event_id", "text"), ("revision", "integer")),
)
_REVIEWS = _Listed(
    "review_reading",
    "review_facts",
    ("withdrawn", "stars", "complaint", "sentiment_milli", "topics", "read_by"),
    (("day", "date"), ("source", "text"), ("event_id", "text"), ("revision", "integer")),
)
_ACCESSES = _Listed(
    "access", "accesses", ("caller", "method", "what", "purpose"), (("at", "timestamptz"), ("access_id", "bigint"))
)
_LINKS = _Listed(
    "link",
    """(
        select link_id, of.merchant_no, first.merchant_id as first_merchant_id,
            second.merchant_id as second_merchant_id, score, state, reasons, decided_by, note, found_at, decided_at
        from shop_links
        join merchants as first on first.merchant_no = first_no
        join merchants as second on second.merchant_no = second_no
        join merchants as of on of.merchant_no in (first_no, second_no)
    ) as links""",
    (
        "first_merchant_id",
        "second_merchant_id",
        "score",
        "state",
        "reasons",
        "decided_by",
        "note",
        "found_at",
        "decided_at",
    ),
    (("link_id", "text"),),
)


class ExportedDocuments(Protocol):
    """What an export needs of the documents of merchants."""

    def lines(self, merchant_no: int, merchant_id: str) -> AsyncIterator[Mapping[str, object]]:
        """Every document: its kind, times and digest, and what was read in it, opened; not the picture itself."""
        ...


class ExportStore:
    """Reads merchants out. No transaction lasts longer than a page: what changes meanwhile may show or not."""

    def __init__(self, database: Database, sealer: Sealer, documents: ExportedDocuments | None = None) -> None:
        self._database = database
        self._sealer = sealer
        self._documents = documents

    async def find(self, merchant_id: str) -> asyncpg.Record:
        """The row that an export begins with. Raises NotFound."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND, merchant_id)
        if row is None:
            raise NotFound("merchant", merchant_id)
        return row

    async def lines(self, row: asyncpg.Record) -> AsyncIterator[Exported]:
        """Everything that is stored of the merchant of `find`. Of an erased one: what is held, and why."""
        merchant_no = row["merchant_no"]
        for line in await self._registration(row):
            yield line
        async for row_of_event in self._listed(_EVENTS, merchant_no):
            yield StoredEvent(**dict(row_of_event))
        for listed in (_REVIEWS, _LINKS):
            async for listed_row in self._listed(listed, merchant_no):
                yield Line(listed.kind, _plain(listed_row))
        if self._documents is not None:
            async for document in self._documents.lines(merchant_no, row["merchant_id"]):
                yield Line("document", document)
        async with self._database.reading() as tx:
            held_count = await tx.driver.fetchval(_QUARANTINED, merchant_digest(self._sealer, row["merchant_id"]))
            portrait = await tx.driver.fetchrow(_PORTRAIT, merchant_no)
        if held_count:
            yield Line("quarantined_rows", {"count": held_count})
        if portrait is not None:
            yield StoredPortrait(portrait["made_at"], portrait["profile"])
        async for access in self._listed(_ACCESSES, merchant_no):
            yield Line(_ACCESSES.kind, dict(access))

    async def _registration(self, row: asyncpg.Record) -> list[Line]:
        if row["erased_at"] is None:
            merchant = open_merchant(self._sealer, row)
            return [Line("merchant", _registered(merchant) | {"settlement_accounts": len(row["account_digests"])})]
        lines = [Line("merchant", _said_of(erased_merchant(row)))]
        if row["identity_sealed"] is not None:
            key = self._sealer.open_key(row["keys"][0], row["merchant_id"], KeyUse.IDENTITY)
            lines.append(Line("identity", json.loads(key.open_text(row["identity_sealed"], IDENTITY_RECORD))))
            said = {name: row[name] for name in ("relationship_ended_on", "reason", "erased")}
            lines.append(Line("erasure", {"erased_at": row["erased_at"], **said}))
        async with self._database.reading() as tx:
            holds = await tx.driver.fetch(_HOLDS, row["merchant_no"])
        return [*lines, *(Line("hold", dict(hold)) for hold in holds)]

    async def _listed(self, listed: _Listed, merchant_no: int) -> AsyncIterator[asyncpg.Record]:
        statement = listed.statement()
        after: Sequence[object] = [None] * len(listed.key)
        while True:
            async with self._database.reading() as tx:
                rows = await tx.driver.fetch(statement, merchant_no, PAGE_ROWS, *after)
            for row in rows:
                yield row
            if len(rows) < PAGE_ROWS:
                return
            after = [rows[-1][name] for name, _ in listed.key]


def _plain(row: asyncpg.Record) -> dict[str, object]:
    """A row with what is JSON in it as such."""
    fields = dict(row)
    return fields | {"reasons": json.loads(fields["reasons"])} if "reasons" in fields else fields


def _registered(merchant: Merchant) -> dict[str, object]:
    operator = merchant.operator
    return {
        **_said_of(merchant),
        **identity_record(merchant),
        "operator": None
        if operator is None
        else {"name": operator.name, "resident_id": operator.resident_id, "phone": operator.phone},
        "employee_count": merchant.employee_count,
        "address": merchant.address,
        "linked_merchant_ids": list(merchant.linked_merchant_ids),
    }


def _said_of(merchant: Merchant) -> dict[str, object]:
    return {
        "merchant_id": merchant.merchant_id,
        "created_at": merchant.created_at,
        "erased_at": merchant.erased_at,
        "simulated": merchant.simulated,
    }
