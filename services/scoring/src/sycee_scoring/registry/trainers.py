"""Trainers by component, imported only when one is asked for: in the process that trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from sycee_service.errors import FailedPrecondition

from sycee_scoring.registry.model import Component
from sycee_scoring.registry.wish import Job, Progress, Trained

Tell = Callable[[Progress], None]
Trainer = Callable[[Job, Tell], Trained]

TRAINERS: Final[Mapping[Component, str]] = {
    Component.APPLICATION: "sycee_scoring.registry.table_trainer",
    Component.BUREAU: "sycee_scoring.registry.table_trainer",
    Component.DISTRESS: "sycee_scoring.registry.distress_trainer",
    Component.COMBINATION: "sycee_scoring.registry.combination_trainer",
}
"""Module of each component's `train(job, tell)`."""


def refuse_untrainable(component: Component) -> None:
    """Raises FailedPrecondition (COMPONENT_NOT_TRAINABLE) for a component without a trainer."""
    if component not in TRAINERS:
        raise FailedPrecondition(
            "COMPONENT_NOT_TRAINABLE", f"{component.label} cannot be trained here", component=component.label
        )


def trainer_of(component: Component) -> Trainer:
    """The component's trainer. Raises FailedPrecondition (COMPONENT_NOT_TRAINABLE)."""
    refuse_untrainable(component)
    trainer: Trainer = import_module(TRAINERS[component]).train
    return trainer
