"""What the registry keeps: packages (artefact and card), and models with the part they play."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

MAX_ARTEFACT_BYTES: Final = 8 * 1024 * 1024
MAX_CARD_BYTES: Final = 2 * 1024 * 1024

SHIPPED_BY: Final = "sycee"
"""Who trained, proposed and approved what comes with the code: its review is the second pair of eyes."""


class Component(IntEnum):
    """What a model is for. The numbers are the contract's."""

    APPLICATION = 1
    BUREAU = 2
    DISTRESS = 3
    COMBINATION = 4

    @property
    def label(self) -> str:
        """As it stands in versions and cards."""
        return self.name.lower()


class Role(IntEnum):
    """The part a model plays. The numbers are the contract's."""

    NONE = 0
    CHAMPION = 1
    CHALLENGER = 2

    @property
    def label(self) -> str:
        """As it stands in texts and events."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What a list shows of a card: rows trained on, the bad ones of them, the AUC that the card explains."""

    row_count: int
    bad_count: int
    auc: Figure | None


@dataclass(frozen=True, slots=True)
class Package:
    """A model as a file: all that loading needs. `schema_sha256` is of what it was made for."""

    version: str
    component: Component
    artefact: bytes
    artefact_sha256: str
    schema_sha256: str
    card: Mapping[str, Any]
    markdown: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Standing:
    """The part a model plays and the one it is proposed for; the persons are empty and the moment None without one."""

    role: Role = Role.NONE
    proposed_role: Role = Role.NONE
    proposed_by: str = ""
    approved_by: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model. The card is empty where a list is shown."""

    number: int
    version: str
    component: Component
    artefact_sha256: str
    schema_sha256: str
    trained_by: str
    trained_at: datetime
    facts: Facts
    standing: Standing
    card_json: str = ""
    card_markdown: str = ""


def sha256_hex(content: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(content).hexdigest()
