"""All SQL of the gateway. Each write is one statement, its event included: one round trip, one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from sycee_client import calls
from sycee_service.database import Database
from sycee_service.errors import AlreadyExists
from sycee_service.outbox import Event, to_body

from sycee_gateway import rows, statements
from sycee_gateway.domain.decision import Acceptance, Decision, Receipt
from sycee_gateway.domain.evidence import Debts
from sycee_gateway.domain.record import micros

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class DecisionStore:
    """Implements `ports.Decisions` on PostgreSQL. Raises Unavailable when it cannot be reached.

    A single statement is its own transaction, so that all of it goes through `reading()`, which opens no other.
    """

    def __init__(self, database: Database, unfinished_after: timedelta) -> None:
        self._database = database
        self._unfinished_after = unfinished_after

    async def find(self, decision_id: str) -> Decision | None:
        """A decision in any state."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(statements.FIND, decision_id)
        return rows.decision(row) if row is not None else None

    async def claimed_by(self, key: bytes) -> str:
        """The decision that the accepting request `key` claimed; "" when it claimed none."""
        async with self._database.reading() as tx:
            decision_id: str | None = await tx.driver.fetchval(statements.CLAIMED_BY, key)
        return decision_id or ""

    async def insert_evaluated(self, decision: Decision) -> Debts | None:
        """Stores complete evidence and answers with the debts stored beside it; None when the id is there already."""
        async with self._database.reading() as tx:
            text = await tx.driver.fetchval(
                statements.INSERT_EVALUATED,
                *rows.decision_values(decision),
                self._retry_at(decision),
                _looked_from(decision),
            )
        return rows.debts(text) if text is not None else None

    async def insert_decided(self, decision: Decision) -> bool:
        """Stores a decision with its outcome and its event; False when the id is there already."""
        values = (*rows.decision_values(decision), self._retry_at(decision), *rows.conclusion_values(decision))
        return await self._write_with_event(statements.INSERT_DECIDED, values, _made_event(decision))

    async def conclude(self, decision: Decision) -> bool:
        """Stores the outcome and the event of it; False when there is an outcome already."""
        values = (decision.decision_id, *rows.conclusion_values(decision), *rows.offer_values(decision))
        return await self._write_with_event(statements.CONCLUDE, values, _made_event(decision))

    async def seal(self, receipts: Mapping[str, Receipt]) -> None:
        """Stores receipts of decisions that have none, and strikes them off what is unfinished."""
        proofs = receipts.values()
        async with self._database.reading() as tx:
            await tx.driver.execute(
                statements.SEAL,
                list(receipts),
                [proof.leaf_index for proof in proofs],
                [rows.path_bytes(proof) for proof in proofs],
                [proof.tree_head for proof in proofs],
            )

    async def claim(self, decision_id: str, key: bytes) -> None:
        """Claims an offer for the request `key`, unless another request has claimed it."""
        retry_at = self._database.clock.now() + self._unfinished_after
        try:
            async with self._database.reading() as tx:
                await tx.driver.execute(statements.CLAIM, decision_id, key, retry_at)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("REQUEST_ID_REUSED", "this request_id was used before with another payload") from error

    async def unclaim(self, decision_id: str, key: bytes) -> None:
        """Takes the claim back unless the offer was accepted on it."""
        async with self._database.reading() as tx:
            await tx.driver.execute(statements.UNCLAIM, decision_id, key)

    async def accept(self, decision: Decision, acceptance: Acceptance) -> bool:
        """Stores the facility and the event; False when it was stored before."""
        values = (
            decision.decision_id,
            acceptance.key,
            acceptance.accepted_at,
            acceptance.facility_id,
            acceptance.facility,
        )
        return await self._write_with_event(statements.ACCEPT, values, _accepted_event(decision, acceptance))

    async def page(self, merchant_id: str, before: tuple[datetime, str] | None, limit: int) -> list[Decision]:
        """Decisions, newest first, without evidence; of one merchant, or of all when it is empty."""
        moment, decision_id = before or (_END_OF_TIME, "")
        async with self._database.reading() as tx:
            if merchant_id:
                found = await tx.driver.fetch(statements.MERCHANT_PAGE, moment, decision_id, limit, merchant_id)
            else:
                found = await tx.driver.fetch(statements.PAGE, moment, decision_id, limit)
        return [rows.decision(row) for row in found]

    async def due(self, now: datetime, limit: int) -> list[Decision]:
        """Decisions to be finished, the longest due first."""
        async with self._database.reading() as tx:
            found = await tx.driver.fetch(statements.DUE, now, limit)
        return [rows.decision(row) for row in found]

    async def postpone(self, decision_id: str, until: datetime) -> None:
        """Tries this one again no sooner than then."""
        async with self._database.reading() as tx:
            await tx.driver.execute(statements.POSTPONE, decision_id, until)

    async def strike_off(self, decision_id: str) -> None:
        """Nothing is owed to this one any more."""
        async with self._database.reading() as tx:
            await tx.driver.execute(statements.STRIKE_OFF, decision_id)

    def _retry_at(self, decision: Decision) -> datetime:
        return decision.evaluation.decided_at + self._unfinished_after

    async def _write_with_event(self, statement: str, values: Sequence[object], event: Event) -> bool:
        """Runs a statement that puts its event into the outbox when, and only when, it writes its own row."""
        database = self._database
        body = to_body(event, database.source, database.clock.now(), calls.traceparent.get())
        async with database.reading() as tx:
            written = await tx.driver.fetchval(statement, *values, event.id, event.type, body)
        if written is None:
            return False
        database.on_events()
        return True


def _looked_from(decision: Decision) -> datetime:
    """The moment at which debts count."""
    evaluation = decision.evaluation
    return evaluation.as_of if decision.application.hypothetical else evaluation.decided_at


def _made_event(decision: Decision) -> Event:
    """The fact that a decision was made. Its id is the decision's: one message, however often it is sent."""
    application, evaluation, conclusion = decision.application, decision.evaluation, decision.conclusion
    if conclusion is None:
        raise ValueError("the decision has no conclusion")
    offer = conclusion.offer
    return Event(
        type="sycee.decision.made.v1",
        subject=decision.decision_id,
        id=f"{decision.decision_id}:made",
        data={
            "decision_id": decision.decision_id,
            "merchant_id": application.merchant_id,
            "product_id": application.product_id,
            "requested_fen": application.requested_fen,
            "outcome": conclusion.verdict.outcome.name,
            "reasons": [reason.code for reason in conclusion.verdict.reasons],
            "lender_id": offer.lender_id if offer is not None else None,
            "amount_fen": offer.amount_fen if offer is not None else None,
            "nominal_rate_bp": offer.nominal_rate_bp if offer is not None else None,
            "policy_version": evaluation.policy_version,
            "decided_at_us": micros(evaluation.decided_at),
            "hypothetical": application.hypothetical,
            "simulated": evaluation.simulated,
        },
    )


def _accepted_event(decision: Decision, acceptance: Acceptance) -> Event:
    """The fact that an offer was accepted and drawn."""
    offer = decision.conclusion.offer if decision.conclusion is not None else None
    return Event(
        type="sycee.decision.accepted.v1",
        subject=decision.decision_id,
        id=f"{decision.decision_id}:accepted",
        data={
            "decision_id": decision.decision_id,
            "merchant_id": decision.application.merchant_id,
            "facility_id": acceptance.facility_id,
            "lender_id": offer.lender_id if offer is not None else None,
            "amount_fen": offer.amount_fen if offer is not None else None,
            "accepted_at_us": micros(acceptance.accepted_at) if acceptance.accepted_at is not None else None,
            "simulated": decision.evaluation.simulated,
        },
    )
