"""The shapes of what is read in a document. The numbers of enums are those of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

READER_VERSION = "1"
"""Changes whenever the same bytes may read differently."""


class DocumentKind(IntEnum):
    """What a document is said to be."""

    UNSPECIFIED = 0
    BUSINESS_LICENCE = 1
    RESIDENT_ID_FRONT = 2
    RESIDENT_ID_BACK = 3
    SHOP_PHOTO = 4


class DocumentState(IntEnum):
    """How far a document is."""

    UNSPECIFIED = 0
    RECEIVED = 1
    READ = 2
    FAILED = 3


class CheckResult(IntEnum):
    """How a comparison came out."""

    UNSPECIFIED = 0
    AGREES = 1
    DIFFERS = 2
    CANNOT_TELL = 3


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. In pixels inside the reader, as shares of the page (0 to 1) in a `Reading`."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way down."""
        return (self.top + self.bottom) / 2

    def share_of(self, width: float, height: float) -> Box:
        """In shares of a page of this size, kept within it."""
        return Box(
            min(1.0, max(0.0, self.left / width)),
            min(1.0, max(0.0, self.top / height)),
            min(1.0, max(0.0, self.right / width)),
            min(1.0, max(0.0, self.bottom / height)),
        )


def around(boxes: Iterable[Box]) -> Box:
    """The least box that holds all of them; there must be one."""
    held = list(boxes)
    return Box(
        min(box.left for box in held),
        min(box.top for box in held),
        max(box.right for box in held),
        max(box.bottom for box in held),
    )


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One fact read in a document; has no repr, since it may be personal.

    `value` is the text as read; days are ISO 8601 and codes are in capitals without blanks. `valid` says whether it
    keeps its own rules (None where it has none). `box` is None where it does not stand in one place.
    """

    name: str
    value: str
    confidence: float
    valid: bool | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A reason to look closer, never a proof. `strength` is 0 to 1; the texts hold no personal data."""

    code: str
    strength: float
    text_zh: str
    text_en: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a document with what is known; the texts hold no personal data."""

    code: str
    result: CheckResult
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """All that was read in a document."""

    fields: tuple[Field, ...]
    signals: tuple[Signal, ...]
    reader_version: str = READER_VERSION

    def field(self, name: str) -> Field | None:
        """The field of a name, where it was read."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True, repr=False)
class Findings:
    """What a document says and how it compares with its merchant as that was known when it was read."""

    reading: Reading
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A document as taken in; `findings` is None before it was read, and of an erased merchant."""

    document_id: str
    merchant_id: str
    kind: DocumentKind
    state: DocumentState
    sha256: bytes
    size_bytes: int
    findings: Findings | None
    error: str
    received_at: datetime
    read_at: datetime | None
    reader_version: str
