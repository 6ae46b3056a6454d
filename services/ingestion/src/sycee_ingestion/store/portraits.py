"""Portraits as they were made last, one a merchant, and the marks that say which ones want making."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sycee_service.database import Database, Transaction
from sycee_service.outbox import Event, Json

from sycee_ingestion.domain.changes import Change
from sycee_ingestion.domain.coverage import Feed

CHANNEL = "sycee_portraits"
"""What processes on one database tell each other over: see `notice`."""

MOST_NOTICE_BYTES = 7_900  # PostgreSQL carries below 8,000


@dataclass(frozen=True, slots=True)
class Made:
    """A portrait as it is stored, and the feeds that it was made of.

    One that is not `settled` holds for now, and is marked to be made again.
    """

    merchant_no: int
    day: date
    feature_version: str
    profile: bytes
    feeds: tuple[Feed, ...]
    settled: bool

    @property
    def past_version(self) -> int:
        """What `feeds` had come to when it was made."""
        return sum(feed.past_version for feed in self.feeds)


Compare = Callable[[bytes | None, bytes], Sequence[Change]]
"""From the serialised portrait before, if there is one, and the new one to the material changes."""

# Locked against whoever erases or stores as well: no portrait is put back, and no change is told twice.
_FIND_MERCHANTS = """
select merchant_no, merchant_id from merchants
where merchant_no = any($1::integer[]) and erased_at is null
order by merchant_no for no key update
"""

_FIND_BEFORE = """
select merchant_no, day, past_version, profile from portraits
where merchant_no = any($1::integer[]) order by merchant_no for update
"""

_SAVE = """
insert into portraits as kept (merchant_no, day, past_version, feature_version, profile, made_at)
select merchant_no, day, past_version, feature_version, profile, $6
from unnest($1::integer[], $2::date[], $3::bigint[], $4::text[], $5::bytea[])
    as made (merchant_no, day, past_version, feature_version, profile)
order by merchant_no
on conflict (merchant_no) do update set
    day = excluded.day, past_version = excluded.past_version, feature_version = excluded.feature_version,
    profile = excluded.profile, made_at = excluded.made_at
where (kept.day, kept.past_version) <= (excluded.day, excluded.past_version)
"""

# Marks of feeds that went on meanwhile stay, and so do those that a merge holds just now: nobody waits for anybody.
_CLEAR = """
with seen as (
    select merchant_no, source from feeds
    join unnest($1::integer[], $2::text[], $3::bigint[]) as made (merchant_no, source, past_version)
        using (merchant_no, source, past_version)
    where unportrayed
    order by merchant_no, source for update of feeds skip locked
)
update feeds set unportrayed = false from seen
where feeds.merchant_no = seen.merchant_no and feeds.source = seen.source
"""

_MARK = """
with unsettled as (
    select merchant_no, source from feeds where merchant_no = any($1::integer[]) and not unportrayed
    order by merchant_no, source for update skip locked
)
update feeds set unportrayed = true from unsettled
where feeds.merchant_no = unsettled.merchant_no and feeds.source = unsettled.source
"""

_FIND_MARKED = """
select merchant_no, sum(past_version)::bigint as past_version
from feeds join merchants using (merchant_no)
where unportrayed and merchant_no > $1 and erased_at is null
group by merchant_no order by merchant_no limit $2
"""

# A page of merchants. Outdated: a process died over it, or it trades and its portrait is not of today.
_FIND_PAGE = """
select merchant_no,
    made.past_version is distinct from feed.past_version
    or feed.last_day >= $4::date and (made.made_at < $3::timestamptz or made.feature_version <> $5) as outdated
from (
    select merchant_no, sum(past_version)::bigint as past_version,
        max(greatest(order_last, invoice_last, daily_count_last)) as last_day
    from feeds join merchants using (merchant_no)
    where merchant_no > $1 and erased_at is null
    group by merchant_no order by merchant_no limit $2
) as feed
left join portraits as made using (merchant_no)
order by merchant_no
"""

UNSETTLE = "update portraits set feature_version = '' where merchant_no = $1"
"""For whoever changes what a portrait says of a merchant by other ways than events: it is made anew when next asked
for."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A merchant of which something came that moves its portrait, and what its feeds have come to."""

    merchant_no: int
    past_version: int


@dataclass(frozen=True, slots=True)
class Current:
    """What portraits of merchants that traded since a day are to be: not made before a moment, and of which version."""

    made_from: datetime
    traded_since: date
    feature_version: str


@dataclass(frozen=True, slots=True)
class Page:
    """Merchants of a page whose portraits are outdated, and the number to go on after: None on the last page."""

    outdated: list[int]
    last_no: int | None


class PortraitStore:
    """Keeps portraits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, made: Collection[Made], made_at: datetime, compare: Compare) -> None:
        """Stores portraits in place of older ones, clears their marks, and tells the bus and other processes of what
        has changed materially: all of it or nothing. A portrait that is older than the one stored changes nothing, and
        so does one of a merchant that was erased meanwhile.
        """
        by_no = {one.merchant_no: one for one in made}
        async with self._database.transaction() as tx:
            found = await tx.driver.fetch(_FIND_MERCHANTS, list(by_no))
            ids = {row["merchant_no"]: row["merchant_id"] for row in found}
            before = {row["merchant_no"]: row for row in await tx.driver.fetch(_FIND_BEFORE, list(ids))}
            newer = [by_no[no] for no in ids if no not in before or _follows(by_no[no], before[no])]
            for one in newer:
                kept = before.get(one.merchant_no)
                changes = compare(None if kept is None else kept["profile"], one.profile)
                if changes:
                    await _tell(tx, ids[one.merchant_no], changes)
            await tx.driver.execute(_SAVE, *_columns(newer), made_at)
            settled = [one for one in newer if one.settled]
            marks = [(one.merchant_no, feed.source, feed.past_version) for one in settled for feed in one.feeds]
            if marks:
                await tx.driver.execute(_CLEAR, *map(list, zip(*marks, strict=True)))
            unsettled = [one.merchant_no for one in newer if not one.settled]
            if unsettled:
                await tx.driver.execute(_MARK, unsettled)

    async def marked(self, after: int, limit: int) -> list[Marked]:
        """Merchants whose portrait events have moved, by number from `after` on."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_FIND_MARKED, after, limit)
        return [Marked(row["merchant_no"], row["past_version"]) for row in rows]

    async def page(self, after: int, limit: int, current: Current) -> Page:
        """A page of the merchants that have feeds, by number from `after` on: whose portraits want making anew."""
        wanted = (current.made_from, current.traded_since, current.feature_version)
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_FIND_PAGE, after, limit, *wanted)
        last_no = rows[-1]["merchant_no"] if len(rows) == limit else None
        return Page([row["merchant_no"] for row in rows if row["outdated"]], last_no)


def _follows(one: Made, kept: asyncpg.Record) -> bool:
    return (kept["day"], kept["past_version"]) <= (one.day, one.past_version)


def _columns(made: Sequence[Made]) -> tuple[list[object], ...]:
    rows = [(one.merchant_no, one.day, one.past_version, one.feature_version, one.profile) for one in made]
    return tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [], [])


async def _tell(tx: Transaction, merchant_id: str, changes: Sequence[Change]) -> None:
    """An event for the bus, and a notice to the watches of all processes; both go out when the transaction commits."""
    said: list[Json] = [{"name": one.name, "before": one.before, "after": one.after} for one in changes]
    tx.emit(Event("sycee.ingestion.profile_changed.v1", merchant_id, {"merchant_id": merchant_id, "changes": said}))
    await tx.driver.execute("select pg_notify($1, $2)", CHANNEL, notice(merchant_id, changes))


def notice(merchant_id: str, changes: Sequence[Change]) -> str:
    """What a notice carries: the merchant and as many changes as fit, as JSON."""
    rows = [[one.name, one.before, one.after] for one in changes]
    while len(text := json.dumps([merchant_id, *rows], separators=(",", ":"))) > MOST_NOTICE_BYTES:
        rows.pop()
    return text


def read_notice(text: str) -> tuple[str, tuple[Change, ...]]:
    """The merchant and the changes of a notice."""
    merchant_id, *rows = json.loads(text)
    return merchant_id, tuple(Change(*row) for row in rows)
