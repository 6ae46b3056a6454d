"""Links between merchants: whom to compare, what was found, what people decided."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import log

import asyncpg
from sycee_service.database import Database, Transaction
from sycee_service.errors import NotFound
from sycee_service.outbox import Event, Json

from sycee_ingestion.domain.linking import (
    HOLDERS_COUNTED,
    MOST_CANDIDATES,
    MOST_HOLDERS,
    Holders,
    Judgement,
    KeyKind,
    Party,
    Reason,
    keys_of,
)
from sycee_ingestion.domain.merchant import refuse_erased
from sycee_ingestion.domain.shop_link import Decision, LinkState, ShopLink, decided
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.store import link_keys, personal

MOST_IN_GROUP = 1_000
MOST_ANSWERED = 500

_REACHED = f"""
    with recursive reached (merchant_no) as (
        select {{start}}
        union
        select link.other from reached cross join lateral (
            select second_no as other from shop_links
            where first_no = reached.merchant_no and state = {LinkState.CONFIRMED:d}
            union all
            select first_no from shop_links
            where second_no = reached.merchant_no and state = {LinkState.CONFIRMED:d}
        ) as link
    )
    select array_agg(other.merchant_id order by other.merchant_id)
    from (select merchant_no from reached limit {MOST_IN_GROUP}) as of_group
    join merchants as other using (merchant_no)"""  # noqa: S608 - numbers

_START = "merchant.merchant_no"
GROUP = f"({_REACHED.format(start=_START)} where merchant_no <> {_START}) as linked_merchant_ids"
"""The other merchants of one's group, over confirmed links however many steps away, up to 1,000; NULL where there are
none. For statements that call the table `merchant`."""

_GROUP_OF = _REACHED.format(start="$1::integer")

_PARTY = f"""
select merchant_no, merchant_id, name, name_sealed, uscc, resident_id_digest, phone_digest, account_digests,
    address_sealed, erased_at, {personal.KEYS},
    (select array_agg(key) from link_keys
        where link_keys.merchant_no = merchant.merchant_no and kind = {KeyKind.PAYOUT:d}) as payouts
from merchants as merchant"""  # noqa: S608 - a number
_PARTIES_BY_ID = f"{_PARTY} where merchant_id = any($1::text[])"
_PARTIES_BY_NO = f"{_PARTY} where merchant_no = any($1::integer[]) and erased_at is null"

_POPULATION = "select count(*) from merchants where erased_at is null"

_HOLDERS = f"""
select kind, key, (
    select count(*) from (
        select from link_keys as held where held.kind = own.kind and held.key = own.key limit {HOLDERS_COUNTED}
    ) as counted
) as holders
from link_keys as own where merchant_no = $1
"""  # noqa: S608 - a number

_CANDIDATES = """
select merchant_no from unnest($1::smallint[], $2::bigint[], $3::double precision[]) as sought (kind, key, nats)
join link_keys using (kind, key)
where merchant_no <> $4 group by merchant_no order by sum(nats) desc, merchant_no limit $5
"""

_LINK = """
select link_id, first.merchant_id as first_merchant_id, second.merchant_id as second_merchant_id, score, reasons, state,
    decided_by, note, found_at, decided_at, first_no, second_no
from shop_links
join merchants as first on first.merchant_no = first_no join merchants as second on second.merchant_no = second_no"""

_OF_MERCHANTS = f"""
{_LINK} where first_no = any($1::integer[]) or second_no = any($1::integer[])
order by score desc, link_id desc limit {MOST_ANSWERED}
"""

_PAGE = f"""
{_LINK}
where ($1::integer is null or first_no = $1 or second_no = $1) and ($2::smallint is null or state = $2)
    and ($3::double precision is null or (score, link_id) < ($3, $4::text))
order by score desc, link_id desc limit $5
"""

_PROPOSE = f"""
insert into shop_links as kept (link_id, first_no, second_no, score, reasons, state, decided_by, note, found_at)
select link_id, first_no, second_no, score, reasons, {LinkState.PROPOSED:d}, '', '', $6
from unnest($1::text[], $2::integer[], $3::integer[], $4::double precision[], $5::jsonb[])
    as found (link_id, first_no, second_no, score, reasons)
order by first_no, second_no
on conflict (first_no, second_no) do update set score = excluded.score, reasons = excluded.reasons
where kept.state = {LinkState.PROPOSED:d}
"""  # noqa: S608 - numbers

_WITHDRAW = f"""
delete from shop_links
where state = {LinkState.PROPOSED:d} and (first_no = any($1::integer[]) or second_no = any($1::integer[]))
    and (first_no, second_no) not in (select * from unnest($2::integer[], $3::integer[]))
"""  # noqa: S608 - numbers

_DECIDE = "update shop_links set state = $2, decided_by = $3, note = $4, decided_at = $5 where link_id = $1"

Pair = tuple[int, int]
"""Two merchants by their numbers, the one with the smaller merchant_id first."""


class LinkStore:
    """The links, and what they are found by."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def named(self, merchant_ids: Sequence[str]) -> dict[int, Party]:
        """Merchants by their numbers. Raises NotFound, FailedPrecondition (MERCHANT_ERASED), for the first such one."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PARTIES_BY_ID, list(merchant_ids))
        by_id = {row["merchant_id"]: row for row in rows}
        for merchant_id in merchant_ids:
            if merchant_id not in by_id:
                raise NotFound("merchant", merchant_id)
            refuse_erased(merchant_id, by_id[merchant_id]["erased_at"])
        return {row["merchant_no"]: self._party(row) for row in rows}

    async def numbered(self, numbers: Collection[int]) -> dict[int, Party]:
        """Those of these merchants that are there and not erased."""
        if not numbers:
            return {}
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PARTIES_BY_NO, list(numbers))
        return {row["merchant_no"]: self._party(row) for row in rows}

    async def population(self) -> int:
        """How many merchants there are to be taken for one another."""
        async with self._database.reading() as tx:
            count: int = await tx.driver.fetchval(_POPULATION)
        return count

    async def holders(self, merchant_no: int, party: Party) -> Holders:
        """How many merchants hold each of one's keys, counted up to 2,000."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_HOLDERS, merchant_no)
        counts = {(row["kind"], row["key"]): row["holders"] for row in rows}
        own = {key: link_keys.stored_key(self._sealer, key) for key in keys_of(party)}
        return {key: counts[stored] for key, stored in own.items() if stored in counts}

    async def candidates(self, merchant_no: int, holders: Holders, population: int) -> list[int]:
        """Up to 50 merchants to compare one with: the rarest keys in common first, by the sum of ln(N / holders)."""
        sought = [
            (*link_keys.stored_key(self._sealer, key), log(max(population, count) / count))
            for key, count in holders.items()
            if 2 <= count <= MOST_HOLDERS
        ]
        if not sought:
            return []
        columns = list(map(list, zip(*sought, strict=True)))
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_CANDIDATES, *columns, merchant_no, MOST_CANDIDATES)
        return [row["merchant_no"] for row in rows]

    async def propose(
        self, looked_from: Collection[int], found: Mapping[Pair, Judgement], found_at: datetime
    ) -> list[ShopLink]:
        """Stores what was found from these merchants; answers with all their links, highest score first, at most 500.

        What was proposed from them before and is not found any more goes; what was decided stays as it is.
        """
        pairs = sorted(found)
        first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        scores = [found[pair].score for pair in pairs]
        reasons = [json.dumps([asdict(reason) for reason in found[pair].reasons]) for pair in pairs]
        ids = [str(uuid.uuid4()) for _ in pairs]
        async with self._database.transaction() as tx:
            await tx.driver.execute(_WITHDRAW, list(looked_from), first, second)
            await tx.driver.execute(_PROPOSE, ids, first, second, scores, reasons, found_at)
            rows = await tx.driver.fetch(_OF_MERCHANTS, list(looked_from))
        return [_link(row) for row in rows]

    async def page(
        self, merchant_id: str, state: LinkState | None, after: tuple[float, str] | None, size: int
    ) -> list[ShopLink]:
        """Up to `size` links that follow the one with this score and id, highest score first. Raises NotFound for a
        merchant that is not there; an empty merchant_id means all.
        """
        score, link_id = after or (None, None)
        async with self._database.reading() as tx:
            number = await _number(tx, merchant_id) if merchant_id else None
            rows = await tx.driver.fetch(_PAGE, number, state, score, link_id, size)
        return [_link(row) for row in rows]

    async def decide(self, link_id: str, decision: Decision) -> ShopLink:
        """Stores a decision. A new confirmation emits `shops_linked`, the end of one `shops_unlinked`.

        Raises NotFound, FailedPrecondition (LINK_DECIDED).
        """
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(f"{_LINK} where link_id = $1 for update of shop_links", link_id)
            if row is None:
                raise NotFound("link", link_id)
            before = _link(row)
            after = decided(before, decision)
            if after is before:
                return before
            await tx.driver.execute(_DECIDE, link_id, after.state, after.decided_by, after.note, after.decided_at)
            if after.state is LinkState.CONFIRMED:
                group = await tx.driver.fetchval(_GROUP_OF, row["first_no"])
                tx.emit(link_event("shops_linked", after, group))
            elif before.state is LinkState.CONFIRMED:
                tx.emit(link_event("shops_unlinked", after, []))
        return after

    def _party(self, row: asyncpg.Record) -> Party:
        name, address = personal.open_name_and_address(self._sealer, row)
        return Party.of(
            row["merchant_id"],
            name=name,
            uscc=row["uscc"],
            resident_id=row["resident_id_digest"],
            phone=row["phone_digest"],
            accounts=row["account_digests"],
            address=address,
            payouts=link_keys.payouts_of(row["payouts"] or ()),
        )


def link_event(verb: str, link: ShopLink, group: Sequence[str]) -> Event:
    """The event of a link that was confirmed (with the whole group that it makes) or is none any more."""
    data: dict[str, Json] = {
        "link_id": link.link_id,
        "first_merchant_id": link.first_merchant_id,
        "second_merchant_id": link.second_merchant_id,
    }
    if group:
        data["group"] = list(group)
    return Event(f"sycee.ingestion.{verb}.v1", link.first_merchant_id, data)


async def _number(tx: Transaction, merchant_id: str) -> int:
    number: int | None = await tx.driver.fetchval(
        "select merchant_no from merchants where merchant_id = $1", merchant_id
    )
    if number is None:
        raise NotFound("merchant", merchant_id)
    return number


def _link(row: asyncpg.Record) -> ShopLink:
    return ShopLink(
        link_id=row["link_id"],
        first_merchant_id=row["first_merchant_id"],
        second_merchant_id=row["second_merchant_id"],
        score=row["score"],
        reasons=tuple(Reason(**reason) for reason in json.loads(row["reasons"])),
        state=LinkState(row["state"]),
        decided_by=row["decided_by"],
        note=row["note"],
        found_at=row["found_at"],
        decided_at=row["decided_at"],
    )
