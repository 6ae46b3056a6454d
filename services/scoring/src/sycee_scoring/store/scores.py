"""What was scored: notes, written by the batch and read by version. An observation, not a record: a crash may lose
the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sycee_service.database import Database

from sycee_scoring.outcomes.comparison import PairedLoan
from sycee_scoring.outcomes.rows import ScoredLoan
from sycee_scoring.store.score_rows import (
    COLUMNS,
    Lineup,
    Note,
    Sample,
    lineup_of,
    paired_loan_of,
    record_of,
    sample_of,
    scored_loan_of,
)

T = TypeVar("T")

MOST_READ: Final = 20_000
"""Notes that one measurement of drift looks at; of more, evenly spread ones."""

MOST_LOANS: Final = 100_000
"""Loans that one comparison or refit looks at, the newest: two seconds and some 60 MB."""

FETCH_ROWS: Final = 1_000
"""Rows taken from the database at a time, so that the event loop is never held for long."""

GRANT_DAYS: Final = 90
"""A loan belongs to the last score of at most so many days before it was drawn. Judgement: portraits age."""

_ADD_LINEUP: Final = """
insert into score_lineups (challenger_version, combination_version, component_names, component_versions, feature_names)
values ($1, $2, $3, $4, $5) on conflict do nothing
"""
_FIND_LINEUP: Final = """
select lineup_no from score_lineups
where challenger_version = $1 and combination_version = $2 and component_names = $3 and component_versions = $4
    and feature_names = $5
"""
_LINEUPS: Final = """
select lineup_no, challenger_version, combination_version, component_names, component_versions, feature_names
from score_lineups
where (combination_version = $1 or $1 = any(component_versions)) and challenger_version in ('', $1)
"""
_VERSIONS_IN_USE: Final = """
select distinct unnest(component_versions || combination_version) as version from score_lineups as lineup
where exists (select from score_notes where lineup_no = lineup.lineup_no and scored_at >= $1)
"""
_COUNT: Final = "select count(*) from score_notes where lineup_no = any($1::integer[]) and scored_at >= $2"
# Every n-th note by number is an even sample, since numbers are given in the order of time.
_WINDOW: Final = """
select lineup_no, scored_on, log_odds, component_log_odds, features from score_notes
where lineup_no = any($1::integer[]) and scored_at >= $2 and note_no % $3 = 0
order by note_no desc limit $4
"""
_FIRST: Final = """
select lineup_no, scored_on, log_odds, component_log_odds, features from score_notes
where lineup_no = any($1::integer[]) order by scored_at, note_no limit $2
"""
_GRANTED_ON: Final = f"""
    {{note}}.scored_at >= (o.opened_on - {GRANT_DAYS})::timestamp at time zone 'Asia/Shanghai'
    and {{note}}.scored_at < (o.opened_on + 1)::timestamp at time zone 'Asia/Shanghai'"""
_PAIRS: Final = f"""
select loan_id, o.merchant_id, opened_on, observed_until, defaulted_on, closed_on, paired.*
from loan_outcomes as o cross join lateral (
    select a.scored_on, a.default_probability as champion, b.default_probability as challenger
    from score_notes as a join score_notes as b on b.merchant_id = a.merchant_id and b.scored_at = a.scored_at
        and b.lineup_no = any($2::integer[])
    where a.merchant_id = o.merchant_id and a.lineup_no = any($1::integer[]) and {_GRANTED_ON.format(note="a")}
    order by a.scored_at desc, a.note_no desc, b.note_no desc limit 1
) as paired
where ($3::date is null or paired.scored_on >= $3) and ($4::date is null or paired.scored_on <= $4)
order by opened_on desc, loan_id limit {MOST_LOANS}
"""  # noqa: S608 - only constants of this module are put in
_SCORED_LOANS: Final = f"""
select loan_id, o.merchant_id, opened_on, observed_until, defaulted_on, closed_on, scored.*
from loan_outcomes as o cross join lateral (
    select n.scored_on, n.default_probability, n.coverage, n.component_log_odds, n.component_weights,
        l.component_names
    from score_notes as n join score_lineups as l using (lineup_no)
    where n.merchant_id = o.merchant_id and l.challenger_version = '' and {_GRANTED_ON.format(note="n")}
    order by n.scored_at desc, n.note_no desc limit 1
) as scored
where ($1::date is null or scored.scored_on >= $1) and ($2::date is null or scored.scored_on <= $2)
order by opened_on desc, loan_id limit {MOST_LOANS}
"""  # noqa: S608 - only constants of this module are put in
# By chunks, so that no transaction holds rows for long.
_FORGET: Final = """
delete from score_notes where note_no in (select note_no from score_notes where scored_at < $1 limit $2)
"""
_ERASE: Final = "delete from score_notes where merchant_id = $1"


class ScoreStore:
    """The tables of notes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[Lineup, int] = {}

    async def add(self, notes: Sequence[Note]) -> None:
        """Writes notes by COPY."""
        for lineup in {note.lineup for note in notes} - self._numbers.keys():
            self._numbers[lineup] = await self._number_of(lineup)
        records = [record_of(note, self._numbers[note.lineup]) for note in notes]
        async with self._database.transaction() as tx:
            await tx.driver.copy_records_to_table("score_notes", records=records, columns=COLUMNS)

    async def lineups(self, version: str) -> dict[int, Lineup]:
        """The line-ups that a version was in, by number: as champion, or as the challenger whose score it was. Of one
        score there is at most one note among them. Empty where it never scored."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_LINEUPS, version)
        return {row["lineup_no"]: lineup_of(row) for row in rows}

    async def versions_since(self, since: datetime) -> list[str]:
        """Versions that scored since then, in order."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_VERSIONS_IN_USE, since)
        return sorted(row["version"] for row in rows)

    async def window(self, version: str, lineups: dict[int, Lineup], since: datetime) -> Sample:
        """What a version scored since then; its count is of all, the columns of at most `MOST_READ`."""
        async with self._database.transaction() as tx:
            count: int = await tx.driver.fetchval(_COUNT, list(lineups), since)
            every = max(-(-count // MOST_READ), 1)
            rows = await _fetched(tx.driver, _itself, _WINDOW, list(lineups), since, every, MOST_READ)
        return await asyncio.to_thread(sample_of, version, lineups, rows, count)

    async def first(self, version: str, lineups: dict[int, Lineup], limit: int) -> Sample:
        """The first scores of a version that are still noted."""
        async with self._database.transaction() as tx:
            rows = await _fetched(tx.driver, _itself, _FIRST, list(lineups), limit)
        return await asyncio.to_thread(sample_of, version, lineups, rows, len(rows))

    async def pairs(
        self, champion: Sequence[int], challenger: Sequence[int], first_day: date | None, last_day: date | None
    ) -> list[PairedLoan]:
        """Loans that line-ups of both numbers scored at the same moment, at most `MOST_LOANS`, newest first."""
        async with self._database.transaction() as tx:
            return await _fetched(
                tx.driver, paired_loan_of, _PAIRS, list(champion), list(challenger), first_day, last_day
            )

    async def scored_loans(self, first_day: date | None, last_day: date | None) -> list[ScoredLoan]:
        """Loans with the evidence of the champions' score that they were granted on, at most `MOST_LOANS`."""
        async with self._database.transaction() as tx:
            return await _fetched(tx.driver, scored_loan_of, _SCORED_LOANS, first_day, last_day)

    async def forget_before(self, moment: datetime, limit: int) -> int:
        """Deletes at most `limit` notes from before; returns how many."""
        async with self._database.transaction() as tx:
            status = await tx.driver.execute(_FORGET, moment, limit)
        return int(status.rpartition(" ")[2])

    async def erase(self, merchant_id: str) -> None:
        """Deletes all notes of a merchant."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(_ERASE, merchant_id)

    async def _number_of(self, lineup: Lineup) -> int:
        names = (
            lineup.challenger_version,
            lineup.combination_version,
            list(lineup.component_names),
            list(lineup.component_versions),
            list(lineup.feature_names),
        )
        async with self._database.transaction() as tx:
            await tx.driver.execute(_ADD_LINEUP, *names)
            number: int = await tx.driver.fetchval(_FIND_LINEUP, *names)
        return number


async def _fetched(driver: Any, read: Callable[[Any], T], statement: str, *arguments: object) -> list[T]:
    """All rows, read a thousand at a time; wants a transaction."""
    found: list[T] = []
    cursor = await driver.cursor(statement, *arguments)
    while chunk := await cursor.fetch(FETCH_ROWS):
        found.extend([read(row) for row in chunk])
    return found


def _itself(row: Any) -> Any:
    return row
