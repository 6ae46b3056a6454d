"""All SQL of the gateway. Each write is one statement, its event included: one round trip, one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from sycee_client import calls
from sycee_service.database import Database
from sycee_service.errors import AlreadyExists
from sycee_service.outbox import Event, to_body

from sycee_gateway import rows
from sycee_gateway.domain.decision import Acceptance, Decision, Outcome, Receipt, State
from sycee_gateway.domain.evidence import CONSUMPTION, Debts
from sycee_gateway.domain.record import micros


def _numbered(first: int, count: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + count))


_ALL = ", ".join(rows.ALL_COLUMNS)
_LISTED = ", ".join(
    f"null::bytea as {column}" if column in rows.BULKY_COLUMNS else column for column in rows.ALL_COLUMNS
)
_EVALUATED = ", ".join(rows.EVALUATED_COLUMNS)
_EVALUATED_COUNT = len(rows.EVALUATED_COLUMNS)
_CONCLUDED_COUNT = len(rows.CONCLUDED_COLUMNS)
_OUTCOME_COLUMNS = tuple(column for column in rows.CONCLUDED_COLUMNS if column not in ("state", "steps"))

_FIND = f"select {_ALL} from decision where decision_id = $1"  # noqa: S608 (columns are constants)

# What the merchant owes each lender as known here at the moment looked from, for business and for consumption: drawn,
# or held by an offer that still stands. Repayments are not deducted, so that a figure is never too low.
_INSERT_EVALUATED = f"""
with debt as (
    select lender_id,
           json_build_array(coalesce(sum(amount_fen) filter (where purpose <> {CONSUMPTION}), 0),
                            coalesce(sum(amount_fen) filter (where purpose = {CONSUMPTION}), 0)) as fen
    from decision
    where merchant_id = $6 and outcome = {Outcome.APPROVED} and not hypothetical
      and (accepted_at <= ${_EVALUATED_COUNT + 2}
           or (accepted_at is null and decided_at <= ${_EVALUATED_COUNT + 2} and expires_at > ${_EVALUATED_COUNT + 2}))
    group by lender_id
)
insert into decision ({_EVALUATED}, retry_at, debts)
values ({_numbered(1, _EVALUATED_COUNT)}, ${_EVALUATED_COUNT + 1},
        (select coalesce(json_object_agg(lender_id, fen), '{{}}')::text from debt))
on conflict (decision_id) do nothing
returning debts
"""  # noqa: S608

_INSERT_DECIDED = f"""
with made as (
    insert into decision ({_EVALUATED}, retry_at, {", ".join(_OUTCOME_COLUMNS)})
    values ({_numbered(1, _EVALUATED_COUNT + 1 + len(_OUTCOME_COLUMNS))})
    on conflict (decision_id) do nothing
    returning decision_id
)
insert into outbox (event_id, subject, body)
select {_numbered(_EVALUATED_COUNT + 2 + len(_OUTCOME_COLUMNS), 3)} from made
returning seq
"""  # noqa: S608

_CONCLUDE = f"""
with made as (
    update decision set ({", ".join(rows.CONCLUDED_COLUMNS)}) = ({_numbered(2, _CONCLUDED_COUNT)})
    where decision_id = $1 and state = {State.EVALUATED}
    returning decision_id
)
insert into outbox (event_id, subject, body)
select {_numbered(_CONCLUDED_COUNT + 2, 3)} from made
returning seq
"""  # noqa: S608

# A claim to accept that the ledger has not answered keeps the decision due.
_SEAL = f"""
update decision as d
set state = {State.SEALED}, leaf_index = s.leaf_index, inclusion_path = s.inclusion_path, tree_head = s.tree_head,
    retry_at = case when d.accept_key is not null and d.accepted_at is null then d.retry_at end
from unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[])
     as s (decision_id, leaf_index, inclusion_path, tree_head)
where d.decision_id = s.decision_id and d.state = {State.DECIDED}
"""  # noqa: S608

_CLAIM = f"""
update decision set accept_key = $2, retry_at = coalesce(retry_at, $3)
where decision_id = $1 and accept_key is null and outcome = {Outcome.APPROVED}
"""  # noqa: S608

_UNCLAIM = f"""
update decision set accept_key = null, retry_at = case when state = {State.SEALED} then null else retry_at end
where decision_id = $1 and accept_key = $2 and accepted_at is null
"""  # noqa: S608

_ACCEPT = f"""
with made as (
    update decision
    set accepted_at = $3, facility_id = $4, facility = $5,
        retry_at = case when state = {State.SEALED} then null else retry_at end
    where decision_id = $1 and accept_key = $2 and accepted_at is null
    returning decision_id
)
insert into outbox (event_id, subject, body)
select $6, $7, $8 from made
returning seq
"""  # noqa: S608

_FIND_FOR_ACCEPT = f"select {_ALL} from decision where decision_id = $1 or accept_key = $2"  # noqa: S608

_PAGE = f"""
select {_LISTED} from decision
where state > {State.EVALUATED} and (decided_at, decision_id) < ($1, $2)
order by decided_at desc, decision_id desc limit $3
"""  # noqa: S608

_MERCHANT_PAGE = f"""
select {_LISTED} from decision
where state > {State.EVALUATED} and (decided_at, decision_id) < ($1, $2) and merchant_id = $4
order by decided_at desc, decision_id desc limit $3
"""  # noqa: S608

_DUE = f"select {_ALL} from decision where retry_at <= $1 order by retry_at limit $2"  # noqa: S608

_POSTPONE = "update decision set retry_at = $2 where decision_id = $1 and retry_at is not null"

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class DecisionStore:
    """Implements `ports.Decisions` on PostgreSQL. Raises Unavailable when it cannot be reached."""

    def __init__(self, database: Database, unfinished_after: timedelta) -> None:
        self._database = database
        self._unfinished_after = unfinished_after

    async def find(self, decision_id: str) -> Decision | None:
        """A decision in any state."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_FIND, decision_id)
        return rows.decision(row) if row is not None else None

    async def find_for_accept(self, decision_id: str, key: bytes) -> tuple[Decision | None, str]:
        """A decision, and the id of the decision that `key` claimed ("" = none)."""
        async with self._database.reading() as tx:
            found = await tx.driver.fetch(_FIND_FOR_ACCEPT, decision_id, key)
        wanted = next((row for row in found if row["decision_id"] == decision_id), None)
        claimed = next((row["decision_id"] for row in found if row["accept_key"] == key), "")
        return (rows.decision(wanted) if wanted is not None else None), claimed

    async def insert_evaluated(self, decision: Decision) -> Debts | None:
        """Stores complete evidence and answers with the debts stored beside it; None when the id is there already."""
        evaluation = decision.evaluation
        looked_from = evaluation.as_of if decision.application.hypothetical else evaluation.decided_at
        async with self._database.reading() as tx:
            text = await tx.driver.fetchval(
                _INSERT_EVALUATED, *rows.evaluated_values(decision), self._retry_at(decision), looked_from
            )
        return rows.debts(text) if text is not None else None

    async def insert_decided(self, decision: Decision) -> bool:
        """Stores a decision with its outcome and its event; False when the id is there already."""
        outcome = rows.concluded_values(decision)[2:]
        return await self._write_with_event(
            _INSERT_DECIDED,
            (*rows.evaluated_values(decision), self._retry_at(decision), *outcome),
            _made_event(decision),
        )

    async def conclude(self, decision: Decision) -> bool:
        """Moves EVALUATED to DECIDED and stores the event; False when it was not EVALUATED any more."""
        values = (decision.decision_id, *rows.concluded_values(decision))
        return await self._write_with_event(_CONCLUDE, values, _made_event(decision))

    async def seal(self, receipts: Mapping[str, Receipt]) -> None:
        """Moves DECIDED to SEALED for all of them."""
        proofs = receipts.values()
        async with self._database.reading() as tx:
            await tx.driver.execute(
                _SEAL,
                list(receipts),
                [proof.leaf_index for proof in proofs],
                [rows.path_bytes(proof) for proof in proofs],
                [proof.tree_head for proof in proofs],
            )

    async def claim(self, decision_id: str, key: bytes) -> bool:
        """Claims an approved decision for the request `key`; False when it is claimed already."""
        retry_at = self._database.clock.now() + self._unfinished_after
        try:
            async with self._database.reading() as tx:
                status = await tx.driver.execute(_CLAIM, decision_id, key, retry_at)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("REQUEST_ID_REUSED", "this request_id was used before with another payload") from error
        return bool(status == "UPDATE 1")

    async def unclaim(self, decision_id: str, key: bytes) -> None:
        """Takes the claim back unless the offer was accepted on it."""
        async with self._database.reading() as tx:
            await tx.driver.execute(_UNCLAIM, decision_id, key)

    async def accept(self, decision: Decision, acceptance: Acceptance) -> bool:
        """Stores the facility and the event; False when it was stored before."""
        values = (
            decision.decision_id,
            acceptance.key,
            acceptance.accepted_at,
            acceptance.facility_id,
            acceptance.facility,
        )
        return await self._write_with_event(_ACCEPT, values, _accepted_event(decision, acceptance))

    async def page(self, merchant_id: str, before: tuple[datetime, str] | None, limit: int) -> list[Decision]:
        """Decisions, newest first; of one merchant, or of all when it is empty."""
        moment, decision_id = before or (_END_OF_TIME, "")
        async with self._database.reading() as tx:
            if merchant_id:
                found = await tx.driver.fetch(_MERCHANT_PAGE, moment, decision_id, limit, merchant_id)
            else:
                found = await tx.driver.fetch(_PAGE, moment, decision_id, limit)
        return [rows.decision(row) for row in found]

    async def due(self, now: datetime, limit: int) -> list[Decision]:
        """Decisions to be finished, the longest due first."""
        async with self._database.reading() as tx:
            found = await tx.driver.fetch(_DUE, now, limit)
        return [rows.decision(row) for row in found]

    async def postpone(self, decision_id: str, until: datetime) -> None:
        """Tries this one again no sooner than then."""
        async with self._database.reading() as tx:
            await tx.driver.execute(_POSTPONE, decision_id, until)

    def _retry_at(self, decision: Decision) -> datetime:
        return decision.evaluation.decided_at + self._unfinished_after

    async def _write_with_event(self, statement: str, values: Sequence[object], event: Event) -> bool:
        """Runs a statement that writes its event to the outbox when, and only when, it changes its row."""
        database = self._database
        body = to_body(event, database.source, database.clock.now(), calls.traceparent.get())
        async with database.reading() as tx:
            written = await tx.driver.fetchval(statement, *values, event.id, event.type, body)
        if written is None:
            return False
        database.on_events()
        return True


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
