"""What merchants may share, and signs in their documents: what is looked at when fraud is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sycee_ingestion.domain.linking import KeyKind


class AttributeKind(IntEnum):
    """What is shared; numbers of the contract's SharedAttribute.Kind."""

    OPERATOR = 1
    PHONE = 2
    SETTLEMENT_ACCOUNT = 3
    ADDRESS = 4
    LICENCE = 6


ATTRIBUTE_OF_KEY: Final = {
    KeyKind.USCC: AttributeKind.LICENCE,
    KeyKind.RESIDENT_ID: AttributeKind.OPERATOR,
    KeyKind.PHONE: AttributeKind.PHONE,
    KeyKind.ACCOUNT: AttributeKind.SETTLEMENT_ACCOUNT,
    KeyKind.DOOR: AttributeKind.ADDRESS,
    KeyKind.PAYOUT: AttributeKind.SETTLEMENT_ACCOUNT,
}
"""What merchants are looked up by that says whom they belong to. Left out: names and their sounds, which say less, and
houses, which thousands may share."""

MOST_ATTRIBUTES: Final = 64
MOST_SIGNS: Final = 64


@dataclass(frozen=True, slots=True, order=True)
class Attribute:
    """Something shared: never the thing itself, a keyed digest of it."""

    kind: AttributeKind
    digest: bytes


@dataclass(frozen=True, slots=True)
class DocumentSign:
    """A sign found in a document, as strong as 0 to 1. A signal, never a proof."""

    document_id: str
    code: str
    strength: float
