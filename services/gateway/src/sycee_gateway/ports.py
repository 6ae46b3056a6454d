"""What the use cases need of the world around them: the other services, and the store of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from sycee_gateway.domain.decision import Acceptance, Application, Asked, Decision, Receipt
from sycee_gateway.domain.evidence import (
    Assessed,
    Debts,
    FraudCheck,
    Grade,
    Lender,
    OfferFacts,
    PartyCheck,
    Portrait,
    Product,
    Quoted,
    RulesChecked,
    Scored,
)
from sycee_gateway.domain.policy import Disclosure


class Peers(Protocol):
    """The other services. Every call has its own deadline.

    Raises errors of `sycee_service.errors` alone: Unavailable when a service is down, late or too busy, NotFound,
    FailedPrecondition and InvalidArgument as the called service said them.
    """

    async def portrait(self, merchant_id: str, as_of: datetime | None) -> Portrait:
        """The merchant as of a moment (None = now), with the identity that compliance needs."""

    async def check_party(self, portrait: Portrait, transfer_recipient: str) -> PartyCheck:
        """Identity, screening and consent."""

    async def score(self, portrait: Portrait, amount_fen: int, term_months: int) -> Scored:
        """The probability of default and its reasons."""

    async def look_for_fraud(self, decision_id: str, portrait: Portrait, asked: Asked) -> FraudCheck:
        """What looks like fraud. The application is kept, once however often it is looked at; one that looks back is
        not."""

    async def recourse(
        self, portrait: Portrait, amount_fen: int, term_months: int, worst: Grade, product: Product
    ) -> bytes | None:
        """The smallest change that would reach a grade, within what the product offers, as bytes; None where there is
        none."""

    async def assess(self, portrait: Portrait) -> Assessed:
        """The ESG standing."""

    def quote_request(
        self, application: Application, portrait: Portrait, scored: Scored, assessed: Assessed | None
    ) -> bytes:
        """What the ledger will be asked, as bytes: stored, so that a later attempt asks exactly the same."""

    async def reserve(self, decision_id: str, quote_request: bytes, hold_hours: int) -> Quoted:
        """Quotes and holds in one step, under the decision's own name: any number of attempts hold once."""

    async def quote(self, quote_request: bytes) -> Quoted:
        """Quotes and holds nothing."""

    async def check_offer(self, facts: OfferFacts, day: date, disclosure: Disclosure) -> RulesChecked:
        """What the rules in force on the day say of the offer."""

    async def release(self, decision_id: str) -> None:
        """Lets the decision's hold go; a hold that is gone already is fine."""

    async def capture(self, decision_id: str) -> tuple[str, bytes]:
        """Draws the decision's hold: the facility's id and its bytes. Any number of attempts draw once."""

    async def append(self, decision_id: str, record: bytes) -> Receipt:
        """Puts the record into the log; any number of attempts make one leaf."""

    async def products(self) -> Sequence[Product]:
        """The products in force."""

    async def lenders(self) -> Sequence[Lender]:
        """The lenders."""


class Decisions(Protocol):
    """The store of decisions. Every write is durable when it returns."""

    async def find(self, decision_id: str) -> Decision | None:
        """A decision in any state."""

    async def claimed_by(self, key: bytes) -> str:
        """The decision that the accepting request `key` claimed; "" when it claimed none."""

    async def insert_evaluated(self, decision: Decision) -> Debts | None:
        """Stores complete evidence together with the merchant's debts as known here and answers with these.

        None when the id is there already.
        """

    async def insert_decided(self, decision: Decision) -> bool:
        """Stores a decision that needs no ledger, and its event. False when the id is there already."""

    async def conclude(self, decision: Decision) -> bool:
        """Stores the outcome and its event. False when another attempt did so before."""

    async def seal(self, receipts: Mapping[str, Receipt]) -> None:
        """Stores receipts, all of them in one statement; decisions that have one keep it."""

    async def claim(self, decision_id: str, key: bytes) -> None:
        """Makes the acceptance by `key` durable before money moves, unless another request claimed it before.

        Raises AlreadyExists (REQUEST_ID_REUSED) when `key` claimed another decision.
        """

    async def unclaim(self, decision_id: str, key: bytes) -> None:
        """Takes back a claim that the ledger refused."""

    async def accept(self, decision: Decision, acceptance: Acceptance) -> bool:
        """Stores the facility and the event of it. False when it was stored before."""

    async def page(self, merchant_id: str, before: tuple[datetime, str] | None, limit: int) -> list[Decision]:
        """Decisions, newest first, without evidence; of one merchant, or of all when it is empty."""

    async def due(self, now: datetime, limit: int) -> list[Decision]:
        """Decisions that should have been finished by now, the longest due first."""

    async def strike_off(self, decision_id: str) -> None:
        """Nothing is owed to this one any more."""

    async def postpone(self, decision_id: str, until: datetime) -> None:
        """Tries this one again no sooner than then."""
