"""How a check comes out, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Outcome(IntEnum):
    """Ordered from best to worst, so that the worst of several is their maximum."""

    PASS = 1
    WARN = 2
    REFER = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """A specific cause in both languages. Holds no personal data: it is shown, stored and logged."""

    code: str
    text_zh: str
    text_en: str


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes; PASS when there are none."""
    return max(outcomes, default=Outcome.PASS)
