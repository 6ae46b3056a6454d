"""What compliance does, free of transport and SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sycee_service.clock import Clock, business_day
from sycee_service.errors import InvalidArgument

from sycee_compliance.domain.consent import ANY_LENDER, Consent, ConsentQuery, Purpose, Standing, standings
from sycee_compliance.domain.identity import IdentityCheck, IdentityClaim, verify
from sycee_compliance.domain.ledger import Appended, InclusionProof, NewLeaf
from sycee_compliance.domain.offer import Offer, facts
from sycee_compliance.domain.party import PartyCheck, parties_to_screen, party_check
from sycee_compliance.domain.record import check_canonical
from sycee_compliance.domain.rules import Judgement
from sycee_compliance.domain.screening import Party, Screening
from sycee_compliance.domain.tree_head import TreeHead
from sycee_compliance.merkle_log import MerkleLog
from sycee_compliance.rulebook import Rulebook
from sycee_compliance.screening_desk import ScreeningDesk
from sycee_compliance.store import ConsentStore


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent as it is told."""

    merchant_id: str
    purpose: Purpose
    recipient: str
    text_version: str
    evidence_sha256: str
    given_at: datetime
    expires_at: datetime | None


class ComplianceService:
    """Whether the rules allow it, and the proof of what was decided."""

    def __init__(
        self, consents: ConsentStore, log: MerkleLog, rulebook: Rulebook, screening: ScreeningDesk, clock: Clock
    ) -> None:
        self._consents = consents
        self._log = log
        self._rulebook = rulebook
        self._screening = screening
        self._clock = clock

    @property
    def pack_version(self) -> str:
        """Version and digest of the rules in use."""
        return self._rulebook.pack.version

    @property
    def log_public_key(self) -> bytes:
        """The log's raw public key."""
        return self._log.public_key

    def verify_identity(self, claim: IdentityClaim, day: date) -> tuple[IdentityCheck, ...]:
        """Every check of an identity on a day."""
        return verify(claim, day)

    def screen_party(self, party: Party) -> Screening:
        """Looks a party up. Raises Unavailable when it cannot be done."""
        return self._screening.lists().screen(party)

    async def record_consent(self, told: NewConsent) -> Consent:
        """Records a consent, which replaces an earlier one to the same purpose and recipient from when it was given.

        Raises InvalidArgument when recipient or times do not fit.
        """
        now = self._clock.now()
        check_recipient("recipient", told.purpose, told.recipient)
        if told.given_at > now:
            raise InvalidArgument("given_at", "must not be in the future", value=told.given_at.isoformat())
        if told.expires_at is not None and told.expires_at <= told.given_at:
            raise InvalidArgument("expires_at", "must be after given_at", value=told.expires_at.isoformat())
        consent = Consent(
            consent_id=f"consent-{uuid.uuid4()}",
            merchant_id=told.merchant_id,
            purpose=told.purpose,
            recipient=told.recipient,
            text_version=told.text_version,
            evidence_sha256=told.evidence_sha256,
            given_at=told.given_at,
            expires_at=told.expires_at,
        )
        await self._consents.add(consent, now)
        return consent

    async def check_consent(
        self, merchant_id: str, queries: Sequence[ConsentQuery], moment: datetime | None
    ) -> tuple[Standing, ...]:
        """Whether each consent stands at a moment, None for now. Raises InvalidArgument for a wrong recipient."""
        for at, query in enumerate(queries):
            check_recipient(f"queries[{at}].recipient", query.purpose, query.recipient)
        return await self._standings(merchant_id, queries, moment or self._clock.now())

    async def check_party(
        self, merchant_id: str, claim: IdentityClaim, queries: Sequence[ConsentQuery], moment: datetime
    ) -> PartyCheck:
        """Identity, screening and consent at a moment; at most one statement. Errors as their single checks."""
        for at, query in enumerate(queries):
            check_recipient(f"consents[{at}].recipient", query.purpose, query.recipient)
        lists = self._screening.lists()
        parties = parties_to_screen(claim)
        found = [lists.screen(party) for party in parties]
        screening = lists.merge(found) if found else lists.not_screened()
        consents = await self._standings(merchant_id, queries, moment)
        return party_check(verify(claim, business_day(moment)), screening, consents)

    def check_offer(self, offer: Offer, day: date) -> Judgement:
        """Judges an offer by the rules of a day."""
        return self._rulebook.pack.judge(facts(offer, day, self._rulebook.rates), day)

    async def append_record(self, caller: str, request_id: str, kind: str, record: bytes) -> Appended:
        """Appends a record to the log, once for its caller and request_id, and proves it.

        Raises InvalidArgument unless the record is canonical JSON; the log's own errors.
        """
        check_canonical(record)
        return await self._log.append(NewLeaf(caller, request_id, kind, record))

    async def tree_head(self) -> TreeHead:
        """The newest head of the log."""
        return await self._log.newest_head()

    async def prove(self, leaf_index: int, tree_size: int) -> InclusionProof:
        """Proves a leaf against a tree size, 0 for the newest."""
        return await self._log.prove(leaf_index, tree_size)

    async def _standings(
        self, merchant_id: str, queries: Sequence[ConsentQuery], moment: datetime
    ) -> tuple[Standing, ...]:
        if not queries:
            return ()
        recipients = {query.recipient for query in queries}
        if any(query.purpose is Purpose.LENDER_TRANSFER for query in queries):
            recipients.add(ANY_LENDER)
        newest = await self._consents.newest(merchant_id, sorted(recipients), moment)
        return standings(queries, newest, moment)


def check_recipient(field: str, purpose: Purpose, recipient: str) -> None:
    """CN-PIPL-02: a transfer names its recipient; the other purposes have none. Raises InvalidArgument."""
    if purpose is Purpose.LENDER_TRANSFER and not recipient:
        raise InvalidArgument(field, "must name the recipient of a transfer")
    if purpose is not Purpose.LENDER_TRANSFER and recipient:
        raise InvalidArgument(field, "must be empty unless the purpose is a transfer", value=recipient)
