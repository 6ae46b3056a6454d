"""The sweeper's own decisions: what is due, when to try again. What it finishes is shown in test_repeat_and_resume."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from prometheus_client import CollectorRegistry
from sycee_gateway.metrics import DecisionMetrics
from sycee_gateway.sweeper import LONGEST_WAIT, Sweeper
from sycee_service.clock import ManualClock
from sycee_service.errors import Unavailable

from .conftest import Gateway
from .fakes import START

EVERY = timedelta(seconds=2)


@dataclass
class Unfinished:
    """A store and a service in one, whose decisions cannot be finished."""

    made_at: datetime
    fault: Exception | None = field(default_factory=lambda: Unavailable("LIMITS_UNAVAILABLE", "down", 100))
    tried: list[str] = field(default_factory=list)
    postponed: dict[str, datetime] = field(default_factory=dict)

    async def due(self, now: datetime, limit: int) -> list[Any]:
        """Two decisions."""
        assert limit > 2
        return [Due("dec_a", Due.Evaluation(self.made_at)), Due("dec_b", Due.Evaluation(self.made_at))]

    async def finish(self, decision: Due) -> None:
        """Fails, or not."""
        self.tried.append(decision.decision_id)
        if self.fault is not None:
            raise self.fault

    async def postpone(self, decision_id: str, until: datetime) -> None:
        """Keeps the moment."""
        self.postponed[decision_id] = until


@dataclass(frozen=True)
class Due:
    """What the sweeper looks at of a decision."""

    @dataclass(frozen=True)
    class Evaluation:
        """When its evidence was complete."""

        decided_at: datetime

    decision_id: str
    evaluation: Evaluation


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(seconds=8), EVERY),
        (timedelta(minutes=4), timedelta(minutes=1)),
        (timedelta(days=3), LONGEST_WAIT),
    ],
)
async def test_one_that_cannot_be_finished_holds_up_no_other_and_waits_by_its_age(
    age: timedelta, wait: timedelta
) -> None:
    world: Any = Unfinished(START - age)
    registry = CollectorRegistry()
    assert await Sweeper(world, world, ManualClock(START), DecisionMetrics(registry), EVERY).sweep() == 2
    assert world.tried == ["dec_a", "dec_b"]
    assert registry.get_sample_value("sycee_decisions_due") == 2
    assert world.postponed == {"dec_a": START + wait, "dec_b": START + wait}


async def test_a_defect_that_meets_one_holds_up_no_other() -> None:
    world: Any = Unfinished(START, fault=KeyError("defect"))
    await Sweeper(world, world, ManualClock(START), DecisionMetrics(CollectorRegistry()), EVERY).sweep()
    assert world.tried == ["dec_a", "dec_b"]
    assert set(world.postponed) == {"dec_a", "dec_b"}


async def test_one_that_is_finished_is_not_postponed() -> None:
    world: Any = Unfinished(START, fault=None)
    registry = CollectorRegistry()
    await Sweeper(world, world, ManualClock(START), DecisionMetrics(registry), EVERY).sweep()
    assert not world.postponed


async def test_a_decision_is_due_only_while_something_is_owed(gateway: Gateway, postgres_url: str) -> None:
    gateway.world.down = {"Reserve"}
    with pytest.raises(grpc.aio.AioRpcError):
        await gateway.decide()
    connection = await asyncpg.connect(postgres_url)
    try:
        due = await connection.fetchval("select retry_at from unfinished")
    finally:
        await connection.close()
    assert due == START + timedelta(milliseconds=gateway.settings.unfinished_after_ms)
