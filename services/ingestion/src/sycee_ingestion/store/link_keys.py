"""What merchants are looked up by when links are sought: rows of `link_keys`, eight bytes of a keyed digest each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sycee_service.database import Database, Transaction

from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.linking import Key, KeyKind, Party, keys_of
from sycee_ingestion.sealing import Sealer

StoredKey = tuple[int, int]
"""Kind and key, as the table has them."""

_ENTER = """
insert into link_keys (kind, key, merchant_no)
select * from unnest($1::smallint[], $2::bigint[], $3::integer[]) as new (kind, key, merchant_no)
order by kind, key, merchant_no
on conflict do nothing
"""

_FORGET_WRITTEN = f"delete from link_keys where merchant_no = $1 and kind <> {KeyKind.PAYOUT:d}"  # noqa: S608 - a number

# One statement over the newest partitions of `events`: those of the moment that is given, and later.
_ENTER_PAYOUTS = f"""
insert into link_keys (kind, key, merchant_no)
select distinct {KeyKind.PAYOUT:d}, party, merchant_no from events join merchants using (merchant_no)
where occurred_at >= $1 and kind = {EventKind.SETTLEMENT:d} and party <> 0 and superseded_on is null
    and not withdrawn and erased_at is null
on conflict do nothing
"""  # noqa: S608 - numbers


def stored_key(sealer: Sealer, key: Key) -> StoredKey:
    """How a key stands in the table. Of a digest the first eight bytes are taken as they are."""
    kind, value = key
    digest = value if isinstance(value, bytes) else sealer.digest(value, f"link.{kind.name.lower()}")
    return kind.value, int.from_bytes(digest[:8], "big", signed=True)


async def enter(tx: Transaction, sealer: Sealer, parties: Mapping[int, Party]) -> None:
    """Enters the keys of merchants, by their numbers, beside those that are there."""
    rows = [(*stored_key(sealer, key), merchant_no) for merchant_no, party in parties.items() for key in keys_of(party)]
    if rows:
        await tx.driver.execute(_ENTER, *map(list, zip(*rows, strict=True)))


async def replace(tx: Transaction, sealer: Sealer, merchant_no: int, party: Party) -> None:
    """Enters a merchant's keys in place of those that were made of what it was before."""
    await tx.driver.execute(_FORGET_WRITTEN, merchant_no)
    await enter(tx, sealer, {merchant_no: party})


async def enter_payouts(database: Database, since: datetime) -> int:
    """Enters the payout accounts that settlement events since a moment name; returns how many were new."""
    async with database.transaction() as tx:
        status: str = await tx.driver.execute(_ENTER_PAYOUTS, since)
    return int(status.rpartition(" ")[2])


def payouts_of(keys: Iterable[int]) -> frozenset[bytes]:
    """Keys of kind PAYOUT as a party has them."""
    return frozenset(key.to_bytes(8, "big", signed=True) for key in keys)
