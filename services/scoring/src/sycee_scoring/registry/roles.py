"""Who may put which model in which role: the rules of two people. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from sycee_service.errors import FailedPrecondition, PermissionDenied

from sycee_scoring.registry.model import Role, Standing

MAX_CHALLENGERS: Final = 2
"""Challengers of one component at a time: each is scored along with every live request."""


class ChangeKind(IntEnum):
    """What a line of the history of roles says."""

    SHIPPED = 1
    PROPOSED = 2
    PROMOTED = 3
    ROLLED_BACK = 4


@dataclass(frozen=True, slots=True)
class Reign:
    """That a model became champion, and how."""

    kind: ChangeKind
    model_number: int


class Step(Enum):
    """What a call for a role does."""

    PROPOSE = "propose"
    PUT_IN_FORCE = "put in force"


def next_step(version: str, standing: Standing, trainers: frozenset[str], caller: str, role: Role) -> Step:
    """What this caller's wish for this role does now.

    The first call proposes, whoever makes it. The same wish of another person puts the model in force, unless that
    person had it trained. A wish for another role than the proposed one is a new proposal in the old one's place.

    Raises FailedPrecondition (MODEL_STATE) when the model holds the role, or is the champion and would leave its
    component without one; PermissionDenied (SECOND_PERSON_NEEDED) when the approver proposed or trained it.
    """
    if standing.role is role:
        raise FailedPrecondition("MODEL_STATE", f"{version} is {role.label} already", version=version, role=role.label)
    if standing.role is Role.CHAMPION:
        raise FailedPrecondition(
            "MODEL_STATE",
            f"{version} is champion: put another one in its place first",
            version=version,
            role=standing.role.label,
        )
    if standing.proposed_role is not role:
        return Step.PROPOSE
    if caller == standing.proposed_by:
        raise _second_person(version, "proposed")
    if caller in trainers:
        raise _second_person(version, "trained")
    return Step.PUT_IN_FORCE


def champion_before(reigns: Iterable[Reign]) -> int | None:
    """The number of the champion that a rollback now brings back; None where there is none.

    `reigns` are all of a component, oldest first. Champions lie on each other: one that is promoted, or comes with the
    code, lies on top, and a rollback takes the top one off. Two rollbacks thus go back two champions.
    """
    pile: list[int] = []
    for reign in reigns:
        if reign.kind is ChangeKind.ROLLED_BACK:
            pile.pop()
        else:
            pile.append(reign.model_number)
    return pile[-2] if len(pile) > 1 else None


def _second_person(version: str, deed: str) -> PermissionDenied:
    return PermissionDenied(
        "SECOND_PERSON_NEEDED", f"who {deed} {version} cannot approve it as well", version=version, deed=deed
    )
