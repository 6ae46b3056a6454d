"""What stands before a portrait: one statement, whatever the length of the history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sycee_service.database import Database

from sycee_ingestion.domain.coverage import Feed
from sycee_ingestion.domain.linking import KeyKind
from sycee_ingestion.domain.merchant import Identity
from sycee_ingestion.domain.profile import Traits
from sycee_ingestion.domain.sharing import ATTRIBUTE_OF_KEY, MOST_ATTRIBUTES, Attribute, DocumentSign
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store import feeds, personal

_TRAITS = """merchant.merchant_no, merchant.merchant_id, merchant.borrower_kind, merchant.category,
    merchant.province_code, merchant.opened_on, merchant.employee_count, merchant.register_status, merchant.simulated,
    merchant.erased_at"""

_FEEDS = "array(select feed from feeds as feed where feed.merchant_no = merchant.merchant_no order by source) as feeds"

_KINDS = ", ".join(str(kind.value) for kind in ATTRIBUTE_OF_KEY)

_SHARING = f"""array(
        select shared from link_keys as shared
        where shared.merchant_no = merchant.merchant_no and shared.kind in ({_KINDS}) limit {MOST_ATTRIBUTES}
    ) as shared_keys,
    (
        select json_agg(json_build_array(document.document_id, document.signs)) from documents as document
        where document.merchant_no = merchant.merchant_no and document.signs <> '[]'
    ) as signs"""  # noqa: S608 - numbers

_PORTRAIT = "made.day, made.past_version, made.feature_version, made.made_at, made.profile"

_FROM = "from merchants as merchant left join portraits as made on made.merchant_no = merchant.merchant_no"

_FIND = f"select {_TRAITS}, {_FEEDS}, {_SHARING}, {_PORTRAIT} {_FROM} where merchant.merchant_id = $1"

_FIND_ALL = f"""
select {_TRAITS}, {_FEEDS}, {_SHARING}, {_PORTRAIT} {_FROM} where merchant.merchant_id = any($1::text[])
"""

_FIND_BY_NO = f"""
select {_TRAITS}, {_FEEDS}, {_SHARING}, {_PORTRAIT} {_FROM}
where merchant.merchant_no = any($1::integer[]) and merchant.erased_at is null
"""

_FIND_WITH_IDENTITY = f"""
select {_TRAITS}, {_FEEDS}, {_SHARING}, {_PORTRAIT}, {personal.IDENTITY} {_FROM} where merchant.merchant_id = $1
"""


_LIST = """
select merchant_no, merchant_id,
    (select coalesce(sum(order_count), 0)::bigint from feeds where feeds.merchant_no = merchants.merchant_no) as orders
from merchants where merchant_id = any($1::text[]) and erased_at is null
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A merchant that is there, and how many orders it has."""

    merchant_no: int
    order_count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A portrait as it was made last: on which business day, of what, by which definitions; serialised."""

    day: date
    past_version: int
    feature_version: str
    made_at: datetime
    profile: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A merchant with its feeds and the portrait that was made last; `identity` if asked for."""

    merchant_no: int
    merchant_id: str
    traits: Traits
    erased_at: datetime | None
    feeds: tuple[Feed, ...]
    version: int
    kept: Kept | None
    identity: Identity | None
    attributes: tuple[Attribute, ...]
    signs: tuple[DocumentSign, ...]

    @property
    def past_version(self) -> int:
        """What the feeds have come to, of all that moves a portrait."""
        return sum(feed.past_version for feed in self.feeds)


class ProfileStore:
    """Reads heads."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def head(self, merchant_id: str, *, with_identity: bool) -> Head | None:
        """A merchant's head, or None when there is no such merchant. The identity of an erased one is None."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND_WITH_IDENTITY if with_identity else _FIND, merchant_id)
        return None if row is None else self._head(row, with_identity=with_identity)

    async def heads(self, merchant_ids: Sequence[str]) -> dict[str, Head]:
        """The heads of those merchants that are there, by id."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_FIND_ALL, merchant_ids)
        return {row["merchant_id"]: self._head(row, with_identity=False) for row in rows}

    async def heads_by_no(self, merchant_nos: Sequence[int]) -> dict[int, Head]:
        """The heads of those merchants that are there and not erased, by number."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_FIND_BY_NO, merchant_nos)
        return {row["merchant_no"]: self._head(row, with_identity=False) for row in rows}

    async def listed(self, merchant_ids: Sequence[str]) -> dict[str, Listed]:
        """Those merchants that are there and not erased, by id."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_LIST, merchant_ids)
        return {row["merchant_id"]: Listed(row["merchant_no"], row["orders"]) for row in rows}

    def _head(self, row: asyncpg.Record, *, with_identity: bool) -> Head:
        shown = with_identity and row["erased_at"] is None
        return Head(
            merchant_no=row["merchant_no"],
            merchant_id=row["merchant_id"],
            traits=_traits(row),
            erased_at=row["erased_at"],
            feeds=tuple(feeds.feed(feed) for feed in row["feeds"]),
            version=sum(feed["version"] for feed in row["feeds"]),
            kept=None if row["day"] is None else _kept(row),
            identity=personal.open_identity(self._sealer, row) if shown else None,
            attributes=tuple(_attribute(key["kind"], key["key"]) for key in row["shared_keys"]),
            signs=tuple(_signs(row["signs"])) if row["signs"] else (),
        )


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(row["day"], row["past_version"], row["feature_version"], row["made_at"], row["profile"])


def _attribute(kind: int, key: int) -> Attribute:
    """Payouts are digested by their senders, accounts by us: of one kind, and never to be held equal."""
    return Attribute(ATTRIBUTE_OF_KEY[KeyKind(kind)], bytes([kind]) + key.to_bytes(8, "big", signed=True))


def _signs(documents: str) -> Iterator[DocumentSign]:
    for document_id, signs in json.loads(documents):
        for code, strength in signs:
            yield DocumentSign(document_id, code, strength)


def _traits(row: asyncpg.Record) -> Traits:
    return Traits(
        borrower_kind=row["borrower_kind"],
        category=row["category"],
        province_code=row["province_code"],
        opened_on=row["opened_on"],
        employee_count=row["employee_count"],
        register_status=row["register_status"] or 0,
        simulated=row["simulated"],
    )
