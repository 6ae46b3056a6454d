"""The rules of two people and of going back, without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.registry.model import Role, Standing
from sycee_scoring.registry.roles import ChangeKind, Reign, Step, champion_before, next_step
from sycee_service.errors import FailedPrecondition, PermissionDenied

PEOPLE = ("anna", "paul", "tina")
TRAINERS = frozenset({"tina"})


@given(
    st.sampled_from(Role),
    st.sampled_from(Role),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
    st.sampled_from((Role.CHAMPION, Role.CHALLENGER)),
)
def test_nothing_comes_into_force_by_one_person(
    held: Role, proposed: Role, proposer: str, caller: str, role: Role
) -> None:
    standing = Standing(held, proposed, "" if proposed is Role.NONE else proposer)
    try:
        step = next_step("m", standing, TRAINERS, caller, role)
    except FailedPrecondition as error:
        assert error.reason == "MODEL_STATE"  # noqa: PT017
        assert held in {role, Role.CHAMPION}
    except PermissionDenied as error:
        assert error.reason == "SECOND_PERSON_NEEDED"  # noqa: PT017
        assert proposed is role
        assert caller == proposer or caller in TRAINERS
    else:
        if step is Step.PUT_IN_FORCE:
            assert proposed is role
            assert caller != proposer
            assert caller not in TRAINERS
        else:
            assert proposed is not role


def test_another_role_is_another_proposal() -> None:
    standing = Standing(Role.NONE, Role.CHALLENGER, "paul")
    assert next_step("m", standing, TRAINERS, "anna", Role.CHAMPION) is Step.PROPOSE


def reigns(*steps: int) -> list[Reign]:
    """A number is a promotion of that model, 0 a rollback."""
    found: list[Reign] = []
    for step in steps:
        if step:
            found.append(Reign(ChangeKind.PROMOTED, step))
        else:
            before = champion_before(found)
            assert before is not None
            found.append(Reign(ChangeKind.ROLLED_BACK, before))
    return found


@pytest.mark.parametrize(
    ("steps", "before"),
    [
        ((), None),
        ((1,), None),
        ((1, 2), 1),
        ((1, 2, 3), 2),
        ((1, 2, 3, 0), 1),
        ((1, 2, 0), None),
        ((1, 2, 0, 3), 1),
        ((1, 2, 1), 2),
        ((1, 2, 1, 0, 0), None),
        ((1, 2, 0, 2, 0, 2), 1),
    ],
)
def test_a_rollback_takes_the_top_champion_off(steps: tuple[int, ...], before: int | None) -> None:
    assert champion_before(reigns(*steps)) == before
