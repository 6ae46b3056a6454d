"""What somebody wants trained, and from what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sycee_service.errors import InvalidArgument

from sycee_scoring.registry.model import Component, Facts


@dataclass(frozen=True, slots=True, repr=False)
class TrainingTable:
    """A Parquet or CSV file as it was sent, and what its columns mean. `time_column` may be empty."""

    content: bytes
    label_column: str
    time_column: str
    description: str


@dataclass(frozen=True, slots=True)
class OwnOutcomes:
    """Outcomes of loans scored between two days, both included; None = open."""

    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A component to train from one source. The same source and seed give the same model."""

    component: Component
    seed: int
    source: TrainingTable | OwnOutcomes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """What a trainer gets. `base_card` is the champion's: what is not learnt is taken over from it. `loans` are own
    outcomes, where the component learns from those."""

    component: Component
    seed: int
    table: TrainingTable | None
    loans: Sequence[Mapping[str, Any]] | None
    base_card: Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Trained:
    """What a trainer gives. The card names its version, without the artefact's digest."""

    artefact: bytes
    card: Mapping[str, Any]
    markdown: str
    facts: Facts


MAX_STAGE_CHARACTERS: Final = 100


def check(wish: Wish) -> None:
    """Raises InvalidArgument where component and source do not belong together, or the columns cannot be meant so."""
    if wish.component is Component.COMBINATION:
        if not isinstance(wish.source, OwnOutcomes):
            raise InvalidArgument("source", "the combination is trained from own_outcomes", value="table")
        first, last = wish.source.first_day, wish.source.last_day
        if first is not None and last is not None and last < first:
            raise InvalidArgument("own_outcomes.last_day", "must not lie before first_day", value=f"{first} to {last}")
        return
    if not isinstance(wish.source, TrainingTable):
        raise InvalidArgument("source", f"{wish.component.label} is trained from a table", value="own_outcomes")
    label, time = wish.source.label_column, wish.source.time_column
    if wish.component is not Component.DISTRESS and not label:
        raise InvalidArgument("table.label_column", "must name the column that is 1 for bad and 0 for good")
    if time and time == label:
        raise InvalidArgument("table.time_column", "must not be the label", value=time)
