"""How loans turned out, in the database: one row a loan, the outcome that was observed longest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import asyncpg
from sycee_service.database import Database

from sycee_scoring.outcomes.labels import Outcome

_COLUMNS: Final = "loan_id, merchant_id, opened_on, observed_until, defaulted_on, closed_on"

# Rows in the order of their key, so that two calls with the same loans never wait for each other in a circle.
_RECORD: Final = f"""
insert into loan_outcomes ({_COLUMNS}, recorded_at)
select *, $7::timestamptz
from unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::date[], $6::date[]) as given ({_COLUMNS})
order by loan_id collate "C"
on conflict (loan_id) do update set
    opened_on = excluded.opened_on, observed_until = excluded.observed_until, defaulted_on = excluded.defaulted_on,
    closed_on = excluded.closed_on, recorded_at = excluded.recorded_at
where excluded.observed_until > loan_outcomes.observed_until and excluded.merchant_id = loan_outcomes.merchant_id
returning loan_id
"""  # noqa: S608 - only constants of this module are put in
_BORROWERS: Final = "select loan_id, merchant_id from loan_outcomes where loan_id = any($1::text[])"
_PAGE: Final = f"""
select {_COLUMNS} from loan_outcomes where ($1 = '' or merchant_id = $1) and loan_id > $2 order by loan_id limit $3
"""  # noqa: S608 - only constants of this module are put in
_KNOWN_UNTIL: Final = "select max(observed_until) from loan_outcomes"


class OutcomeStore:
    """The table of outcomes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, outcomes: Sequence[Outcome], at: datetime) -> int:
        """Writes outcomes of distinct loans, each where it is new or was observed longer; returns how many were. A loan
        that another merchant borrowed stays as it is."""
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(
                _RECORD,
                [outcome.loan_id for outcome in outcomes],
                [outcome.merchant_id for outcome in outcomes],
                [outcome.opened_on for outcome in outcomes],
                [outcome.observed_until for outcome in outcomes],
                [outcome.defaulted_on for outcome in outcomes],
                [outcome.closed_on for outcome in outcomes],
                at,
            )
        return len(rows)

    async def borrowers(self, loan_ids: Sequence[str]) -> dict[str, str]:
        """Who borrowed each of the loans that are known."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_BORROWERS, list(loan_ids))
        return {row["loan_id"]: row["merchant_id"] for row in rows}

    async def page(self, merchant_id: str, after: str, limit: int) -> list[Outcome]:
        """Outcomes of loans after one, in order; of one merchant unless that is empty."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PAGE, merchant_id, after, limit)
        return [outcome_of(row) for row in rows]

    async def known_until(self) -> date | None:
        """The last day of which any outcome is known."""
        async with self._database.reading() as tx:
            day: date | None = await tx.driver.fetchval(_KNOWN_UNTIL)
        return day


def outcome_of(row: asyncpg.Record) -> Outcome:
    """The outcome in a row that has its columns."""
    return Outcome(
        loan_id=row["loan_id"],
        merchant_id=row["merchant_id"],
        opened_on=row["opened_on"],
        observed_until=row["observed_until"],
        defaulted_on=row["defaulted_on"],
        closed_on=row["closed_on"],
    )
