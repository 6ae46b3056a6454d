"""Consent: what for, to whom, and whether it stands at a moment (rules CN-PIPL-01, -02, CN-CR-01)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

ANY_LENDER = "*"
"""A recipient that stands for every lender of the programme, where the text that was shown named them all."""


class Purpose(IntEnum):
    """What a consent is for. The numbers are those of the contract."""

    CREDIT_DECISION = 1
    BUREAU_QUERY = 2
    LENDER_TRANSFER = 3


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent on record. `expires_at` is None when it holds until withdrawn; `evidence_sha256` is hex."""

    consent_id: str
    merchant_id: str
    purpose: Purpose
    recipient: str
    text_version: str
    evidence_sha256: str
    given_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentQuery:
    """One purpose asked about, and to whom."""

    purpose: Purpose
    recipient: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether one consent stands; `consent_id` names the one it stands on and is empty otherwise."""

    query: ConsentQuery
    consent_id: str

    @property
    def granted(self) -> bool:
        """Whether the consent stands."""
        return bool(self.consent_id)


@dataclass(frozen=True, slots=True)
class NewestConsent:
    """The consent that was given last to one purpose and recipient; it has replaced those before it."""

    purpose: Purpose
    recipient: str
    consent_id: str
    expires_at: datetime | None


def standings(
    queries: Sequence[ConsentQuery], newest: Iterable[NewestConsent], moment: datetime
) -> tuple[Standing, ...]:
    """Answers each query, in order, out of the newest consents given by `moment`.

    A transfer to one lender stands on a consent to that lender or on one to all of them.
    """
    alive = {
        (consent.purpose, consent.recipient): consent.consent_id
        for consent in newest
        if consent.expires_at is None or consent.expires_at > moment
    }
    return tuple(
        Standing(
            query,
            alive.get((query.purpose, query.recipient)) or alive.get((query.purpose, ANY_LENDER), ""),
        )
        for query in queries
    )
