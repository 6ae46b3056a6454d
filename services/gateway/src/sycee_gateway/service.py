"""The use cases: decide, read, list, accept, and finish what a crash left unfinished.

A decision moves through three states, each of them durable, and every step between them can be done again:

    nothing -> EVALUATED -> DECIDED -> SEALED

Whoever finds a decision half-way (the same request again, another replica, the sweeper) goes on from where it stands.
The ledger and the log know each decision by its own id, so that a step done twice is one hold and one leaf.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import structlog
from sycee_service.clock import Clock, business_day
from sycee_service.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    SyceeError,
    Unavailable,
)

from sycee_gateway.catalogue import Catalogue
from sycee_gateway.domain import flow
from sycee_gateway.domain.decision import (
    Acceptance,
    Application,
    Asked,
    Conclusion,
    Decision,
    Evaluation,
    Outcome,
    State,
    Step,
    Verdict,
    name_decision,
)
from sycee_gateway.domain.evidence import Offer, Portrait, Product, Quoted, RulesChecked, Scored
from sycee_gateway.domain.policy import Policy
from sycee_gateway.domain.record import gather_facts, make_record
from sycee_gateway.flights import Flights
from sycee_gateway.metrics import DecisionMetrics
from sycee_gateway.ports import Decisions, Peers
from sycee_gateway.seals import Seals

log = structlog.get_logger()

T = TypeVar("T")

FLOW = ("profile", "party", "score", "fraud", "esg", "recourse", "quote", "rules")
"""The steps whose times go with a decision, in the order of the flow."""


class _Watch:
    """Takes the time of the steps of one attempt."""

    def __init__(self, metrics: DecisionMetrics) -> None:
        self.steps: list[Step] = []
        self._metrics = metrics

    async def time(self, name: str, work: Awaitable[T]) -> T:
        """Waits for the work and notes how long it took."""
        begun = time.perf_counter_ns()
        result = await work
        self.steps.append(Step(name, (time.perf_counter_ns() - begun) // 1000))
        return result

    async def attempt(self, name: str, work: Awaitable[T]) -> T | None:
        """The same for a check that may be missing: None when it is late, down or refused (the flow fails closed)."""
        begun = time.perf_counter_ns()
        try:
            return await work
        except SyceeError as error:
            log.warning("check missing", step=name, reason=error.reason)
            self._metrics.missing(name)
            return None
        finally:
            self.steps.append(Step(name, (time.perf_counter_ns() - begun) // 1000))

    def ordered(self) -> tuple[Step, ...]:
        """The steps in the order of the flow; those in parallel end in any order."""
        return tuple(sorted(self.steps, key=lambda step: FLOW.index(step.name)))


class DecisionService:
    """Composes decisions. Raises errors of `sycee_service.errors`."""

    def __init__(
        self,
        *,
        decisions: Decisions,
        peers: Peers,
        catalogue: Catalogue,
        seals: Seals,
        policy: Policy,
        policies: Mapping[str, Policy],
        clock: Clock,
        metrics: DecisionMetrics,
        max_under_way: int,
    ) -> None:
        self._decisions = decisions
        self._peers = peers
        self._catalogue = catalogue
        self._seals = seals
        self._policy = policy
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._flights = Flights[Decision](max_under_way)

    async def decide(self, asked: Asked) -> Decision:
        """The decision on an application, the same for every attempt with the same request."""
        decision_id = name_decision(asked.caller, asked.request_id)
        key = f"{decision_id}/{asked.payload_sha256.hex()}"
        decision = await self._flights.join(key, lambda: self._decide(decision_id, asked))
        if decision.application.payload_sha256 != asked.payload_sha256:
            raise AlreadyExists("REQUEST_ID_REUSED", "this request_id was used before with another payload")
        return decision

    async def get(self, decision_id: str) -> Decision:
        """A decision that was made, with its proof as soon as the log can give it."""
        found = await self._decisions.find(decision_id)
        if found is None or found.state is State.EVALUATED:
            raise NotFound("decision", decision_id)
        return await self._finish(found)

    async def page(
        self, merchant_id: str, before: tuple[datetime, str] | None, size: int
    ) -> tuple[list[Decision], bool]:
        """Decisions, newest first, and whether there are more."""
        found = await self._decisions.page(merchant_id, before, size + 1)
        return found[:size], len(found) > size

    async def accept(self, decision_id: str, key: bytes) -> Decision:
        """Draws the hold of an approved decision; `key` names the request, any number of attempts draw once."""
        return await self._flights.join(f"accept/{decision_id}/{key.hex()}", lambda: self._accept(decision_id, key))

    async def finish(self, decision: Decision) -> None:
        """Brings a decision that stands half-way to its end, an acceptance included."""
        if decision.is_finished:
            await self._decisions.strike_off(decision.decision_id)
            return
        decision = await self._flights.join(_key(decision), lambda: self._finish(decision))
        if decision.state is not State.SEALED:
            raise Unavailable("NOT_SEALED", "the decision is not sealed yet", 1000)
        if decision.acceptance is not None and decision.acceptance.accepted_at is None:
            await self._draw(decision, decision.acceptance)

    async def drain(self) -> None:
        """Waits for what is under way and writes the receipts that are waiting."""
        await self._flights.drain()
        await self._seals.flush()

    async def _decide(self, decision_id: str, asked: Asked) -> Decision:
        """Asks for the portrait while it looks whether the decision is known: most are not, and a caller waits."""
        watch = _Watch(self._metrics)
        portrait = asyncio.create_task(
            watch.time("profile", self._peers.portrait(asked.merchant_id, asked.as_of)), name="portrait"
        )
        portrait.add_done_callback(_noted)
        try:
            found = await self._decisions.find(decision_id)
            if found is None:
                found = await self._evaluate(decision_id, asked, portrait, watch)
        finally:
            portrait.cancel()
        if found.application.payload_sha256 != asked.payload_sha256:
            return found
        return await self._finish(found)

    async def _finish(self, decision: Decision) -> Decision:
        if decision.state is State.EVALUATED:
            decision = await self._conclude(decision)
        decision = self._seals.applied(decision)
        if decision.state is State.DECIDED:
            decision = await self._seal(decision)
        return decision

    async def _evaluate(self, decision_id: str, asked: Asked, waiting: Awaitable[Portrait], watch: _Watch) -> Decision:
        """Gathers the evidence and makes it durable; where it already settles the matter, the outcome with it."""
        if asked.as_of is not None and asked.as_of > self._clock.now():
            raise InvalidArgument("as_of", "must not be in the future", value=asked.as_of.isoformat())
        product = await self._catalogue.product(asked.product_id)
        application = self._application(decision_id, asked, product)
        portrait = await waiting
        scored_fen = flow.scored_fen(application.requested_fen, product, portrait.monthly_net_fen)
        party, scored, fraud, assessed = await asyncio.gather(
            watch.attempt("party", self._peers.check_party(portrait, self._policy.transfer_recipient)),
            watch.attempt("score", self._peers.score(portrait, scored_fen, application.term_months)),
            watch.attempt("fraud", self._peers.look_for_fraud(decision_id, portrait, asked)),
            watch.attempt("esg", self._peers.assess(portrait)),
        )
        seen = flow.Seen(party, scored, fraud)
        verdict = flow.judge_evidence(self._policy, product.product_id, seen, portrait.quality)
        recourse = await self._recourse(application, product, portrait, scored, watch)
        quote_request = None
        if verdict is None and scored is not None:
            quote_request = self._peers.quote_request(application, portrait, scored, assessed)
        evaluation = Evaluation(
            as_of=portrait.as_of,
            decided_at=self._clock.now(),
            policy_version=self._policy.version,
            borrower_kind=portrait.borrower_kind,
            purpose=product.purpose,
            simulated=portrait.simulated,
            facts=gather_facts(portrait, seen, assessed, self._policy.version),
            profile=portrait.wire,
            score=scored.wire if scored is not None else None,
            assessment=assessed.wire if assessed is not None else None,
            party=party.wire if party is not None else None,
            fraud=fraud.wire if fraud is not None else None,
            recourse=recourse,
            quote_request=quote_request,
            steps=watch.ordered(),
        )
        decision = Decision(application, evaluation, State.EVALUATED)
        if verdict is not None:
            return await self._store_decided(_concluded(decision, verdict, None, None, ()))
        return await self._store_evaluated(decision)

    async def _recourse(
        self, application: Application, product: Product, portrait: Portrait, scored: Scored | None, watch: _Watch
    ) -> bytes | None:
        """What would have reached a grade that may borrow, where the grade declines. A courtesy: the decision stands
        without it."""
        credit = flow.judge_credit(self._policy, application.product_id, scored)
        if scored is None or not scored.scorable or credit is None or credit.outcome is not Outcome.DECLINED:
            return None
        worst = self._policy.worst_grade_for(application.product_id)
        scored_fen = flow.scored_fen(application.requested_fen, product, portrait.monthly_net_fen)
        asked = self._peers.recourse(portrait, scored_fen, application.term_months, worst, product)
        return await watch.attempt("recourse", asked)

    def _application(self, decision_id: str, asked: Asked, product: Product) -> Application:
        """The application with its defaults filled in. Raises InvalidArgument for what the product does not offer."""
        term_months = asked.term_months or self._policy.default_term_months
        if term_months not in product.terms_months:
            terms = ", ".join(map(str, product.terms_months))
            raise InvalidArgument("term_months", f"must be one of {terms} for this product", value=term_months)
        method = asked.repayment_method or product.repayment_methods[0]
        if method not in product.repayment_methods:
            raise InvalidArgument("repayment_method", "must be one of the product's", value=method)
        return Application(
            decision_id=decision_id,
            caller=asked.caller,
            request_id=asked.request_id,
            payload_sha256=asked.payload_sha256,
            merchant_id=asked.merchant_id,
            product_id=asked.product_id,
            requested_fen=asked.requested_fen,
            term_months=term_months,
            repayment_method=method,
            hypothetical=asked.as_of is not None,
        )

    async def _store_decided(self, decision: Decision) -> Decision:
        if await self._decisions.insert_decided(decision):
            self._metrics.made(decision)
            return decision
        return await self._stored(decision.decision_id)

    async def _store_evaluated(self, decision: Decision) -> Decision:
        debts = await self._decisions.insert_evaluated(decision)
        if debts is None:
            return await self._stored(decision.decision_id)
        return replace(decision, evaluation=replace(decision.evaluation, debts=debts))

    async def _stored(self, decision_id: str) -> Decision:
        """What another attempt stored meanwhile. Decisions are never removed, so it is there."""
        found = await self._decisions.find(decision_id)
        if found is None:
            raise Unavailable("DECISION_NOT_READABLE", "the decision could not be read back, try again", 100)
        return found

    async def _conclude(self, decision: Decision) -> Decision:
        """Asks the ledger and the rules and makes the outcome durable. Everything asked follows from what is stored."""
        watch = _Watch(self._metrics)
        quoted = await self._quote(decision, watch)
        rules = None
        if quoted is None or quoted.offer is None:
            verdict = flow.judge_no_offer(quoted)
        else:
            rules = await watch.attempt("rules", self._check_offer(decision, quoted.offer))
            verdict = flow.judge_offer(decision.application.requested_fen, quoted, rules)
        concluded = _concluded(decision, verdict, quoted, rules, watch.ordered())
        if await self._decisions.conclude(concluded):
            self._metrics.made(concluded)
            return concluded
        return await self._stored(decision.decision_id)

    async def _quote(self, decision: Decision, watch: _Watch) -> Quoted | None:
        """The quote, with a hold unless the decision is hypothetical. None when the ledger refuses to take it.

        Raises Unavailable when the ledger is away: the decision stays EVALUATED, and the same request completes it.
        """
        request = decision.evaluation.quote_request or b""
        try:
            if decision.application.hypothetical:
                return await watch.time("quote", self._peers.quote(request))
            held = self._peers.reserve(decision.decision_id, request, self._followed(decision).hold_hours)
            return await watch.time("quote", held)
        except Unavailable:
            raise
        except SyceeError as error:
            log.warning("quote refused", decision_id=decision.decision_id, reason=error.reason)
            return None

    def _followed(self, decision: Decision) -> Policy:
        """The policy that the decision began with, whatever holds by now: a later attempt asks exactly the same."""
        return self._policies.get(decision.evaluation.policy_version, self._policy)

    async def _check_offer(self, decision: Decision, offer: Offer) -> RulesChecked:
        facts = flow.offer_facts(
            merchant_id=decision.application.merchant_id,
            borrower_kind=decision.evaluation.borrower_kind,
            purpose=decision.evaluation.purpose,
            offer=offer,
            lenders=await self._catalogue.lenders(),
            debts=decision.evaluation.debts,
        )
        day = business_day(decision.evaluation.as_of)
        return await self._peers.check_offer(facts, day, self._followed(decision).disclosure)

    async def _seal(self, decision: Decision) -> Decision:
        """Lets go of a hold that nobody can take, and has the record proved. What fails here the sweeper does later."""
        conclusion = decision.conclusion
        if conclusion is None:
            return decision
        try:
            if conclusion.release_due:
                await self._peers.release(decision.decision_id)
            receipt = await self._peers.append(decision.decision_id, conclusion.record)
        except SyceeError as error:
            log.warning("decision not sealed yet", decision_id=decision.decision_id, reason=error.reason)
            return decision
        self._seals.put(decision.decision_id, receipt)
        return decision.sealed(receipt)

    async def _accept(self, decision_id: str, key: bytes) -> Decision:
        if await self._decisions.claimed_by(key) not in ("", decision_id):
            raise AlreadyExists("REQUEST_ID_REUSED", "this request_id was used before with another payload")
        decision = await self.get(decision_id)
        if decision.acceptance is None:
            self._check_open(decision)
            await self._decisions.claim(decision_id, key)
            decision = await self.get(decision_id)
        if decision.acceptance is None:
            raise Unavailable("ACCEPTANCE_NOT_STORED", "the acceptance could not be stored, try again", 100)
        if decision.acceptance.accepted_at is None:
            decision = await self._draw(decision, decision.acceptance)
        if decision.acceptance is None or decision.acceptance.key != key:
            raise FailedPrecondition("OFFER_ALREADY_ACCEPTED", "another request accepted this offer")
        return decision

    def _check_open(self, decision: Decision) -> None:
        """Raises FailedPrecondition when there is no offer to accept."""
        offer = decision.conclusion.offer if decision.conclusion is not None else None
        if decision.application.hypothetical:
            raise FailedPrecondition("NOT_APPROVED", "the decision is hypothetical and holds no money")
        if offer is None or offer.expires_at is None:
            raise FailedPrecondition("NOT_APPROVED", "the decision is not an approval")
        if self._clock.now() >= offer.expires_at:
            raise FailedPrecondition("OFFER_EXPIRED", f"the offer stood until {offer.expires_at.isoformat()}")

    async def _draw(self, decision: Decision, claim: Acceptance) -> Decision:
        """Has the ledger draw the hold and stores the facility. A claim that the ledger refuses is taken back."""
        try:
            facility_id, facility = await self._peers.capture(decision.decision_id)
        except (FailedPrecondition, NotFound) as error:
            await self._decisions.unclaim(decision.decision_id, claim.key)
            raise FailedPrecondition("OFFER_EXPIRED", "the ledger no longer holds the money of this offer") from error
        drawn = Acceptance(claim.key, self._clock.now(), facility_id, facility)
        if await self._decisions.accept(decision, drawn):
            return replace(decision, acceptance=drawn)
        return await self._stored(decision.decision_id)


def _noted(task: asyncio.Task[Portrait]) -> None:
    """Marks the error of a portrait that nobody needed as seen."""
    if not task.cancelled():
        task.exception()


def _key(decision: Decision) -> str:
    """Names the work on a decision: of two payloads under one request_id, neither waits for the other."""
    return f"{decision.decision_id}/{decision.application.payload_sha256.hex()}"


def _concluded(
    decision: Decision,
    verdict: Verdict,
    quoted: Quoted | None,
    rules: RulesChecked | None,
    steps: tuple[Step, ...],
) -> Decision:
    """The decision with its outcome. An offer stands only when approved; a hold behind any other outcome is let go."""
    approved = verdict.outcome is Outcome.APPROVED
    quoted_offer = quoted.offer if quoted is not None else None
    offer = quoted_offer if approved else None
    conclusion = Conclusion(
        verdict=verdict,
        offer=offer,
        steps=steps,
        record=make_record(
            decision.application, decision.evaluation, verdict=verdict, offer=offer, quoted=quoted, rules=rules
        ),
        quote=quoted.wire if quoted is not None else None,
        rules=rules.wire if rules is not None else None,
        release_due=quoted_offer is not None and not approved and not decision.application.hypothetical,
    )
    return decision.concluded(conclusion)
