"""What becomes of a batch that tells of events that are stored already, tells of one twice, or withdraws one.

Runs between ENTER and the merge, in their transaction, and only for a batch that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

import asyncpg
from sycee_service.clock import SHANGHAI

from sycee_ingestion.domain import revisions
from sycee_ingestion.domain.event import MARK_BITS, MOST_MARK_GENERATIONS, STAGED_COLUMNS, EventKind, Merged, Staged
from sycee_ingestion.domain.revisions import Stored, Verdict

_POSITION: Final = 0  # in STAGED_COLUMNS
_PLACE: Final = 1
_HASH: Final = 2
_SOURCE: Final = 3
_EVENT_ID: Final = 4
_MERCHANT_NO: Final = 5
_KIND: Final = 6
_DAY: Final = 10

_STAGED_OFF = (*STAGED_COLUMNS, "sign")

Key = tuple[int, int]
"""Place and hash: what stands for the name of an event."""

# Locked in the order of the key, and read as they are once the lock is held.
_FIND_KNOWN = """
select place, hash, revision, digest from event_keys
where (place, hash) in (select place, hash from staged) and entered_by <> $1::bigint
order by place, hash
for update
"""

_DROP = "delete from staged where position = any($1::bigint[])"

# Rows that the batch itself replaces are kept, and count for nothing; so are those that withdraw an event.
_LEAVE_OUT = """
update staged set sign = 0, superseded = position = any($1::bigint[]) where withdrawn or position = any($1::bigint[])
"""

_TAKE_REVISION = """
update event_keys as known set digest = staged.digest, revision = staged.revision
from staged
where staged.position = any($1::bigint[]) and known.place = staged.place and known.hash = staged.hash
"""

# The bounds of the business day find the one partition; what lies outside of them is another day's event.
_SUPERSEDE = """
update events set superseded_on = $1::date
where merchant_no = $2 and occurred_at >= $3 and occurred_at < $4 and kind = $5 and source = $6 and event_id = $7
    and superseded_on is null
returning source, event_id, merchant_no, kind, revision, withdrawn, occurred_at, day,
    first, second, third, order_key, party, goods, address, device
"""

_SUPERSEDE_SNAPSHOTS = """
update snapshots as kept set superseded_on = $1::date
from staged
where staged.position < 0 and kept.merchant_no = staged.merchant_no and kept.kind = staged.kind
    and kept.day = staged.day and kept.source = staged.source and kept.event_id = staged.event_id
    and kept.revision = staged.revision
"""

_SUPERSEDE_REVIEWS = f"""
update review_facts as kept set superseded_on = $1::date
from staged
where staged.position < 0 and staged.kind = {EventKind.REVIEW:d} and kept.merchant_no = staged.merchant_no
    and kept.day = staged.day and kept.source = staged.source and kept.event_id = staged.event_id
    and kept.revision = staged.revision
"""  # noqa: S608 - a constant

# After the merge, which has locked the day's row of $4: another batch's mark is there, or comes on top of this one.
_MARK_AGAIN = f"""
update merchant_days as kept set followers_mark = (
        select least((max(followers_mark) >> {MARK_BITS}) + 1, {MOST_MARK_GENERATIONS}) << {MARK_BITS}
        from merchant_days where merchant_no = $1 and day = $2
    ) | coalesce((
        select max(third) from events
        where merchant_no = $1 and occurred_at >= $4 and occurred_at < $5 and kind = {EventKind.SOCIAL_ACTIVITY:d}
            and superseded_on is null and not withdrawn
    ), 0)
where merchant_no = $1 and day = $2 and received_on = $3
"""  # noqa: S608 - built of constants


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of rows, how many were taken, and the last of those that correct what was stored before."""

    merged: Merged
    accepted_count: int
    corrections: list[Staged]


async def settle(driver: asyncpg.Connection, rows: Sequence[Staged], batch: int, received_on: date) -> Settled:
    """Leaves in `staged` what is to be merged, and beside it what that replaces."""
    known = {(row[0], row[1]): Stored(row[2], row[3]) for row in await driver.fetch(_FIND_KNOWN, batch)}
    tellings: dict[Key, list[Staged]] = {}
    for row in rows:
        tellings.setdefault((row[_PLACE], row[_HASH]), []).append(row)
    replaced = await _supersede(driver, tellings, known, received_on)
    verdicts = {
        key: revisions.in_turn(told, known.get(key), _lies(replaced.get(key))) for key, told in tellings.items()
    }
    merged = _merged(verdicts.values())
    last = {key: verdict.accepted[-1] for key, verdict in verdicts.items() if verdict.accepted}
    if dropped := merged.duplicates | merged.conflicts | merged.moved:
        await driver.execute(_DROP, dropped)
    passed_over = [row[_POSITION] for verdict in verdicts.values() for row in verdict.accepted[:-1]]
    await driver.execute(_LEAVE_OUT, passed_over)
    # ENTER has taken any one of those that tell of a new event.
    again = [row[_POSITION] for key, row in last.items() if key in known or len(tellings[key]) > 1]
    if again:
        await driver.execute(_TAKE_REVISION, again)
    counted_off = [_counted_off(row, last[key]) for key, row in replaced.items()]
    if counted_off:
        await driver.copy_records_to_table("staged", records=counted_off, columns=_STAGED_OFF)
        await driver.execute(_SUPERSEDE_SNAPSHOTS, received_on)
        await driver.execute(_SUPERSEDE_REVIEWS, received_on)
    return Settled(merged, len(rows) - len(dropped), [last[key] for key in replaced])


async def _supersede(
    driver: asyncpg.Connection, tellings: Mapping[Key, Sequence[Staged]], known: Mapping[Key, Stored], received_on: date
) -> dict[Key, asyncpg.Record]:
    """Marks what corrections replace, where they say that it lies; answers with what is found there.

    Whatever is found is replaced: the first row that looks for it there is of a higher revision.
    """
    keys: dict[tuple[str, str], Key] = {}
    arguments = []
    for key, stored in known.items():
        name = (tellings[key][0][_SOURCE], tellings[key][0][_EVENT_ID])
        for merchant_no, kind, day in revisions.places_to_look(tellings[key], stored):
            keys[name] = key
            arguments.append((received_on, merchant_no, *_bounds(day), kind, *name))
    if not arguments:
        return {}
    return {keys[row["source"], row["event_id"]]: row for row in await driver.fetchmany(_SUPERSEDE, arguments)}


def _lies(row: asyncpg.Record | None) -> revisions.Where | None:
    return None if row is None else (row["merchant_no"], row["kind"], row["day"])


def _merged(verdicts: Iterable[Verdict]) -> Merged:
    verdicts = list(verdicts)
    return Merged(
        duplicates=frozenset(chain.from_iterable(verdict.duplicates for verdict in verdicts)),
        conflicts=frozenset(chain.from_iterable(verdict.conflicts for verdict in verdicts)),
        moved=frozenset(chain.from_iterable(verdict.moved for verdict in verdicts)),
    )


async def mark_again(driver: asyncpg.Connection, corrections: Sequence[Staged], received_on: date) -> None:
    """Reckons the followers of the days anew that were corrected. To be called after the merge."""
    days = {(row[_MERCHANT_NO], row[_DAY]) for row in corrections if row[_KIND] == EventKind.SOCIAL_ACTIVITY}
    if days:
        arguments = [(merchant_no, day, received_on, *_bounds(day)) for merchant_no, day in sorted(days)]
        await driver.executemany(_MARK_AGAIN, arguments)


def _bounds(day: date) -> tuple[datetime, datetime]:
    """The moments at which a business day begins and ends."""
    after = day + timedelta(days=1)
    begin = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return begin, datetime(after.year, after.month, after.day, tzinfo=SHANGHAI)


def _counted_off(row: asyncpg.Record, successor: Staged) -> tuple[object, ...]:
    """A stored event as a row of `staged` that takes it off the sums; its position is below zero."""
    position = -1 - successor[_POSITION]
    found = {**row, "position": position, "place": 0, "hash": 0, "digest": 0, "body": b"", "facts": None}
    return (*(found[column] for column in STAGED_COLUMNS), 0 if row["withdrawn"] else -1)
