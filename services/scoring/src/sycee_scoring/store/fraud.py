"""Applications, what they share and what was found, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
from sycee_service.database import Database, Transaction

from sycee_scoring.fraud.evidence import Application
from sycee_scoring.fraud.surroundings import FarMember, Kind, Member, RingMember, Shared, Surroundings, Verdict
from sycee_scoring.store import fraud_statements as statements

CLOCKS_DIFFER: Final = timedelta(days=1)
"""How far ahead another instance's clock may be and what it kept still be seen."""


class FraudStore:
    """Who shares what with whom. No digest is ever read back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, application: Application, moment: datetime) -> Surroundings:
        """Keeps an application and its attributes, in one statement, and returns what stands around it.

        An application_id that the merchant's is known by counts once. Of two applications at once that share an
        attribute, the second waits for the first to commit and sees it; it costs that one a second statement. At two
        steps, where nothing is shared, the second may miss what came in the same moment.
        """
        until = moment + CLOCKS_DIFFER
        async with self._database.transaction() as tx:
            row = await tx.driver.fetchrow(
                statements.APPLY, *_arguments(application, moment, until), application.opened_on
            )
            if row["raced"]:
                row = await _look(tx, application, moment, until)
        return _surroundings(row, application, moment, until)

    async def look(self, application: Application, moment: datetime) -> Surroundings:
        """The same without keeping anything: what stood around it at a moment, over links and findings until then."""
        async with self._database.reading() as tx:
            row = await _look(tx, application, moment, moment)
        return _surroundings(row, application, moment, moment)

    async def record(self, merchant_id: str, verdict: Verdict, found_at: datetime, found_by: str) -> None:
        """Adds a finding, which is the merchant's newest from now on, whether it ever applied or not."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(statements.RECORD, merchant_id, int(verdict), found_at, found_by)

    async def erase(self, merchant_id: str) -> None:
        """Forgets a merchant, its applications, findings and links, and the digests that nobody else has.

        A confirmed fraud stays as it is: whoever lends must be able to know it again.
        """
        async with self._database.transaction() as tx:
            merchant = await tx.driver.fetchval(statements.HOLD_TO_ERASE, merchant_id)
            if merchant is None:
                return
            held = await tx.driver.fetch(statements.HOLD_ATTRIBUTES, merchant)
            for statement in statements.ERASE:
                await tx.driver.execute(statement, merchant)
            await tx.driver.execute(statements.ERASE_ATTRIBUTES, [row["attribute_no"] for row in held])

    async def ring(self, merchant_id: str, max_steps: int) -> list[RingMember] | None:
        """Who is linked within some steps, near ones first, then by merchant_id; at most 2,000.

        None for a merchant that no application named. Attributes of more than 64 others are not walked.
        """
        found: list[RingMember] = []
        async with self._database.reading() as tx:
            middle = await tx.driver.fetchval(statements.APPLICANT, merchant_id)
            if middle is None:
                return None
            seen, edge = [middle], [middle]
            for steps in range(1, max_steps + 1):
                rows = await tx.driver.fetch(statements.RING_STEP, edge, seen, statements.MOST_RING - len(found))
                found += [_ring_member(row, steps) for row in rows]
                edge = [row["merchant_no"] for row in rows]
                seen += edge
                if not edge or len(found) >= statements.MOST_RING:
                    break
        return found


def _arguments(application: Application, moment: datetime, until: datetime) -> tuple[object, ...]:
    kinds = [int(attribute.kind) for attribute in application.attributes]
    digests = [attribute.digest for attribute in application.attributes]
    return application.merchant_id, kinds, digests, moment, application.application_id, until


async def _look(tx: Transaction, application: Application, moment: datetime, until: datetime) -> asyncpg.Record:
    row = await tx.driver.fetchrow(statements.LOOK, *_arguments(application, moment, until))
    if row is None:
        raise RuntimeError("a statement of one row gave none")
    return row


def _surroundings(row: asyncpg.Record, application: Application, moment: datetime, until: datetime) -> Surroundings:
    shared = {
        number: Shared(number, Kind(kind), others + 1, walked=others <= statements.HUB)
        for number, kind, others in row["attributes"] or ()
    }
    rows: Sequence[Any] = row["members"] or ()
    places = {one[0]: place for place, one in enumerate(rows)}
    operators = frozenset(one.number for one in shared.values() if one.kind is Kind.OPERATOR)
    return Surroundings(
        moment=moment,
        verdict=Verdict(row["verdict"] or 0),
        found_at=row["found_at"],
        opened_on=application.opened_on,
        first_applied_at=row["first_applied_at"],
        operator_known=bool(operators) or any(one.kind is Kind.OPERATOR for one in application.attributes),
        operators=operators,
        applications=tuple(row["applications"]),
        attributes=tuple(one for one in shared.values() if one.sharers > 1),
        members=tuple(_member(one, shared, until) for one in rows),
        far=tuple(_far(one, places) for one in row["far"] or ()),
        far_count=row["far_count"],
        far_confirmed=row["far_confirmed"],
    )


def _member(one: Any, shared: dict[int, Shared], until: datetime) -> Member:
    _number, attributes, operator, verdict, found_at, opened_on, first_applied_at, applications = one
    known = found_at is not None and found_at <= until
    return Member(
        shared=tuple(shared[number] for number in attributes),
        operator=operator,
        verdict=Verdict(verdict) if known else Verdict.NONE,
        found_at=found_at if known else None,
        opened_on=opened_on,
        first_applied_at=first_applied_at,
        applications=tuple(applications),
    )


def _far(one: Any, places: dict[int, int]) -> FarMember:
    via, kind, sharers, verdict, found_at = one
    return FarMember(tuple(places[number] for number in via), Kind(kind), sharers, Verdict(verdict), found_at)


def _ring_member(row: asyncpg.Record, steps: int) -> RingMember:
    kinds = tuple(Kind(kind) for kind in row["kinds"])
    return RingMember(row["merchant_id"], steps, kinds, Verdict(row["verdict"]), row["last_applied_at"])
