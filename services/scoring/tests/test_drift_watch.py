"""Drift through the real server: measured against the first scores, told of once per crossing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import numpy as np
import pytest
from outcome_desk import NOW, Desk, desk
from sycee.scoring.v1 import model_pb2
from sycee_scoring.domain.scale import BASE_LOG_ODDS, probability
from sycee_scoring.outcomes import noted
from sycee_scoring.outcomes.drift import Bins, Level, Reference, Shift, level_of
from sycee_scoring.service.watching import CROSSED, DriftWatch, level_after
from sycee_scoring.store.score_rows import Lineup, Note
from sycee_service.bus import CloudEvent
from sycee_service.testing import until

__all__ = ["desk"]

BUREAU, COMBINED = "bureau-1+sha256.cccccccccccc", "combined-1"
LINEUP = Lineup("", COMBINED, ("structural", "bureau"), ("structural-1", BUREAU), noted.NAMES)


async def score(desk: Desk, count: int, days_ago: float, *, shift: float = 0.0, seed: int = 1) -> None:
    """Notes of merchants on one day: their bureau log-odds and utilisation lie around a place that `shift` moves."""
    random = np.random.default_rng(seed)
    at = NOW - timedelta(days=days_ago)
    notes = []
    for number in range(count):
        said = float(BASE_LOG_ODDS + random.normal(shift, 1.0))
        features = dict.fromkeys(noted.NAMES, float("nan")) | {"utilisation": float(random.normal(shift, 1.0))}
        notes.append(
            Note(
                lineup=LINEUP,
                merchant_id=f"shop-{number}",
                as_of_day=at.date(),
                scored_on=at.date(),
                scored_at=at + timedelta(microseconds=number),
                default_probability=probability(BASE_LOG_ODDS),
                log_odds=float(BASE_LOG_ODDS + random.normal(0.0, 1.0)),
                coverage=1.0,
                component_log_odds=[BASE_LOG_ODDS, said],
                component_weights=[0.9, 0.7],
                features=[features[name] for name in noted.NAMES],
            )
        )
    await desk.scores.add(notes)


class Told:
    """What the bus told of the bureau model, in the order of arrival."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []

    async def take(self, event: CloudEvent) -> None:
        if event.data["version"] == BUREAU:
            self._events.append(event.data)

    async def next(self, count: int) -> list[tuple[str, str, str]]:
        """Name, level before and level of the next ones, which must be as many."""
        await until(lambda: len(self._events) >= count)
        taken, self._events = self._events, []
        assert len(taken) == count
        return sorted((event["name"], event["previous_level"], event["level"]) for event in taken)


async def test_drift_is_measured_against_the_first_scores(desk: Desk) -> None:
    await score(desk, 1_000, 60)
    await score(desk, 600, 2, shift=0.6, seed=2)
    found = await desk.stub.GetDrift(model_pb2.GetDriftRequest(version=BUREAU))
    assert (found.version, found.count) == (BUREAU, 600)
    assert found.reference == "scores of 2026-09-25 to 2026-09-25"
    assert found.score.level == model_pb2.DriftFigure.LEVEL_SHIFTED
    assert found.features[0].name == "utilisation"
    assert found.features[0].index > 0.25
    assert [feature.name for feature in found.features] == sorted(
        noted.READ_BY["bureau"], key=lambda name: (name != "utilisation", name)
    )
    assert {feature.level for feature in found.features[1:]} == {model_pb2.DriftFigure.LEVEL_STABLE}
    assert found.score.bins[-1].missing
    assert not found.score.bins[0].HasField("low")
    assert sum(one.window_share for one in found.score.bins) == pytest.approx(1.0)
    combined = await desk.stub.GetDrift(model_pb2.GetDriftRequest(version=COMBINED))
    assert combined.score.level == model_pb2.DriftFigure.LEVEL_STABLE
    longer = await desk.stub.GetDrift(model_pb2.GetDriftRequest(version=BUREAU, window_days=90))
    assert longer.count == 1_600
    assert longer.reference == found.reference
    assert longer.score.index < found.score.index


@pytest.mark.parametrize(
    ("first", "window", "version", "code"),
    [
        (0, 0, "no-such-1", grpc.StatusCode.NOT_FOUND),
        (999, 0, BUREAU, grpc.StatusCode.FAILED_PRECONDITION),
        (300, 600, BUREAU, grpc.StatusCode.FAILED_PRECONDITION),
        (1_000, 499, BUREAU, grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
async def test_too_few_scores_are_no_drift(
    desk: Desk, first: int, window: int, version: str, code: grpc.StatusCode
) -> None:
    await score(desk, first, 60)
    await score(desk, window, 2)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.stub.GetDrift(model_pb2.GetDriftRequest(version=version))
    assert caught.value.code() is code


async def test_each_crossing_is_told_once(desk: Desk) -> None:
    watch, told = DriftWatch(desk.drifts, desk.levels, desk.scores, desk.clock), Told()
    await desk.bus.consume("drift-test", CROSSED, told.take)
    await score(desk, 1_000, 60)
    await score(desk, 600, 2)
    await watch.look()
    desk.clock.advance(timedelta(days=31))
    await score(desk, 600, -30, shift=0.4, seed=3)
    for _ in range(3):
        await watch.look()
    moved = ("score", "utilisation")
    assert await told.next(2) == [(name, "stable", "watch") for name in moved]
    desk.clock.advance(timedelta(days=31))
    await score(desk, 600, -60, shift=1.0, seed=4)
    await watch.look()
    assert await told.next(2) == [(name, "watch", "shifted") for name in moved]
    desk.clock.advance(timedelta(days=31))  # all is as it was: nothing to tell, and the next crossing is one again
    await score(desk, 600, -91, seed=5)
    await watch.look()
    desk.clock.advance(timedelta(days=31))
    await score(desk, 600, -122, shift=1.0, seed=6)
    await watch.look()
    assert await told.next(2) == [(name, "stable", "shifted") for name in moved]


async def test_a_reference_is_fixed_once(desk: Desk) -> None:
    one = Reference("one", {"score": Bins((1.0,), (0.5, 0.5, 0.0))})
    other = Reference("other", {"score": Bins((), (1.0, 0.0))})
    assert await desk.levels.fix("v", one, NOW) == one
    assert await desk.levels.fix("v", other, NOW) == one


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        (Level.STABLE, 0.101, Level.WATCH),
        (Level.STABLE, 0.9, Level.SHIFTED),
        (Level.WATCH, 0.09, Level.WATCH),
        (Level.WATCH, 0.079, Level.STABLE),
        (Level.SHIFTED, 0.24, Level.SHIFTED),
        (Level.SHIFTED, 0.22, Level.WATCH),
        (Level.SHIFTED, 0.01, Level.STABLE),
    ],
)
def test_a_level_that_trembles_at_its_bound_stays(before: Level, index: float, after: Level) -> None:
    assert level_after(before, Shift("x", index, level_of(index), ())) is after
