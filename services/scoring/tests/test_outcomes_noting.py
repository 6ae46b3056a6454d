"""Scores are noted beside the answer: written soon, bounded, with challengers, forgotten in time, erased on demand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from outcome_desk import NOW, Desk, desk
from scoring_merchants import evidence, request
from sycee.scoring.v1 import scoring_pb2_grpc
from sycee_scoring.domain import scale
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.combine import COMMITTED, Result
from sycee_scoring.domain.panel import Panel
from sycee_scoring.outcomes import noted
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.serving import Loaded, Models, Serving
from sycee_scoring.server import build
from sycee_scoring.service import noting
from sycee_scoring.service.noting import NoteRetention, ScoreNotes
from sycee_scoring.service.shadow import Shadow
from sycee_scoring.settings import Settings
from sycee_scoring.store.score_rows import Note
from sycee_service.bus import Bus
from sycee_service.clock import ManualClock
from sycee_service.errors import Unavailable
from sycee_service.host import Host
from sycee_service.outbox import Event, to_body
from sycee_service.testing import hosting, running, until

__all__ = ["desk"]

MERCHANT = evidence()


class Ledge:
    """A store that holds what it is given, unless it is away."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.error: Exception | None = None

    async def add(self, notes: Sequence[Note]) -> None:
        if self.error is not None:
            raise self.error
        self.notes += notes


@pytest.fixture
def result(model: ApplicationModel) -> Result:
    return Panel(model).score(MERCHANT)


def noting_to(ledge: Ledge, lost: list[int], **more: Any) -> ScoreNotes:
    return ScoreNotes(ledge, ManualClock(NOW), dropped=lost.append, flush_after_s=0.0, **more)


def named(number: int) -> Any:
    return replace(MERCHANT, merchant_id=f"shop-{number}")


async def test_what_was_scored_is_what_is_noted(desk: Desk, result: Result) -> None:
    notes = ScoreNotes(desk.scores, desk.clock)
    notes.add(MERCHANT, result)
    await notes.flush()
    async with desk.database.reading() as tx:
        row = await tx.driver.fetchrow("select * from score_notes join score_lineups using (lineup_no)")
    assert (row["merchant_id"], row["as_of_day"], row["scored_at"]) == ("shop-1", MERCHANT.day, NOW)
    assert row["default_probability"] == result.default_probability
    assert row["component_versions"] == [part.version for part in result.parts]
    assert row["component_weights"] == pytest.approx([part.own_weight for part in result.parts])
    combined = COMMITTED.base_log_odds + sum(
        weight * (odds - scale.BASE_LOG_ODDS)
        for weight, odds in zip(row["component_weights"], row["component_log_odds"], strict=True)
    )
    assert row["log_odds"] == pytest.approx(combined) == pytest.approx(scale.log_odds(result.default_probability))
    seen = dict(zip(row["feature_names"], row["features"], strict=True))
    assert seen["employees"] == 3.0
    assert seen["sales_level"] == 1.0
    assert math.isnan(seen["repayment_count"])


async def test_the_server_notes_scores_and_writes_the_last_when_it_drains(settings: Settings) -> None:
    clock = ManualClock(NOW)
    async with running(settings, build, clock=clock, peer="gateway") as channel:
        stub = scoring_pb2_grpc.ScoringServiceStub(channel)
        for _ in range(3):
            await stub.Score(request())
        unscorable = request()
        unscorable.profile.ClearField("trade")
        unscorable.profile.ClearField("bureau")
        await stub.Score(unscorable)
    async with hosting(settings, build, clock=clock, peer="gateway") as host:
        database = host._parts.database  # the test looks where only the service does
        async with database.reading() as tx:
            assert await tx.driver.fetchval("select count(*) from score_notes where merchant_id = 'shop-1'") == 3
        await _erase(host)

        async def gone() -> bool:
            async with database.reading() as tx:
                return await tx.driver.fetchval("select count(*) from score_notes") == 0

        await until(gone)


async def _erase(host: Host[Settings]) -> None:
    """What ingestion tells when a merchant is erased."""
    bus: Bus = host._bus
    event = Event("sycee.ingestion.merchant_erased.v1", "shop-1", {"merchant_id": "shop-1"})
    await until(bus._ready.is_set)  # the server starts before the bus is there
    assert await bus.publish_all([(event.type, event.id, to_body(event, "test", NOW, None))], 5.0) == [True]


async def test_too_many_notes_drop_the_oldest_and_are_counted(monkeypatch: pytest.MonkeyPatch, result: Result) -> None:
    monkeypatch.setattr(noting, "MOST_PENDING", 5)
    ledge, lost = Ledge(), []
    notes = noting_to(ledge, lost)
    for number in range(8):
        notes.add(named(number), result)
    await notes.flush()
    assert [note.merchant_id for note in ledge.notes] == [f"shop-{number}" for number in range(3, 8)]
    assert sum(lost) == 3


async def test_notes_wait_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch, result: Result) -> None:
    monkeypatch.setattr(noting, "MOST_PENDING", 4)
    ledge, lost = Ledge(), []
    notes = noting_to(ledge, lost)
    for number in range(3):
        notes.add(named(number), result)
    ledge.error = Unavailable("DATABASE_UNAVAILABLE", "away", 500)
    with pytest.raises(Unavailable):
        await notes.flush()
    for number in range(3, 5):
        notes.add(named(number), result)
    ledge.error = None
    await notes.flush()
    assert [note.merchant_id for note in ledge.notes] == ["shop-1", "shop-2", "shop-3", "shop-4"]
    assert sum(lost) == 1


async def test_a_batch_that_cannot_be_written_is_counted_and_not_tried_forever(result: Result) -> None:
    ledge, lost = Ledge(), []
    notes = noting_to(ledge, lost)
    notes.add(MERCHANT, result)
    ledge.error = ValueError("cannot be")
    with pytest.raises(ValueError, match="cannot be"):
        await notes.flush()
    ledge.error = None
    await notes.flush()
    assert (ledge.notes, lost) == ([], [1])


async def test_notes_are_written_by_a_task(result: Result) -> None:
    ledge = Ledge()
    notes = noting_to(ledge, [])
    task = asyncio.create_task(notes.run())
    for number in range(1_200):
        notes.add(named(number), result)
    await until(lambda: len(ledge.notes) == 1_200)
    notes.add(MERCHANT, result)
    await until(lambda: len(ledge.notes) == 1_201)
    task.cancel()


async def test_challengers_score_along_and_are_noted_apart(desk: Desk, model: ApplicationModel) -> None:
    panel = Panel(model)
    sharper = replace(model, version="application-9")
    shifted = replace(COMMITTED, version="combined-9", base_log_odds=COMMITTED.base_log_odds + 1.0)
    halved = replace(shifted, scales=dict.fromkeys(COMMITTED.scales, 0.5), version="combined-8")
    serving = Serving(
        challengers={
            Component.APPLICATION: (Loaded("application-9", Component.APPLICATION, sharper),),
            Component.COMBINATION: (
                Loaded("combined-9", Component.COMBINATION, shifted),
                Loaded("combined-8", Component.COMBINATION, halved),
            ),
            Component.DISTRESS: (Loaded("distress-9", Component.DISTRESS, object()),),
            Component.BUREAU: (Loaded("bureau-9", Component.BUREAU, object()),),  # it fails, and spoils nothing
        }
    )
    notes = ScoreNotes(desk.scores, desk.clock, Shadow(Models(serving), lambda: panel).scores)
    notes.add(MERCHANT, panel.score(MERCHANT))
    silent = replace(MERCHANT, traits=None)  # the application model has nothing to say of it
    notes.add(silent, panel.score(silent))
    await notes.flush()
    async with desk.database.reading() as tx:
        rows = await tx.driver.fetch(
            "select challenger_version, combination_version, log_odds, component_weights"
            " from score_notes join score_lineups"
            " using (lineup_no) order by note_no"
        )
    assert [(row["challenger_version"], row["combination_version"]) for row in rows] == [
        ("", COMMITTED.version),
        ("application-9", COMMITTED.version),
        ("combined-9", "combined-9"),
        ("combined-8", "combined-8"),
        ("", COMMITTED.version),
        ("combined-9", "combined-9"),
        ("combined-8", "combined-8"),
    ]
    # What is noted is the weight that coverage left, whatever a combination makes of it: the next refit starts there.
    assert rows[3]["component_weights"] == rows[0]["component_weights"]
    assert rows[3]["log_odds"] != pytest.approx(rows[2]["log_odds"])
    assert rows[2]["log_odds"] == pytest.approx(rows[0]["log_odds"] + 1.0)
    application = next(part.version for part in panel.score(MERCHANT).parts if part.name == "application")
    # A champion's scores are counted once each, whoever scored along.
    window = await desk.scores.window(application, await desk.scores.lineups(application), NOW - timedelta(days=1))
    assert window.count == 1


async def test_notes_are_forgotten_after_25_months(desk: Desk, result: Result) -> None:
    for days in (0, 700, 764):
        clock = ManualClock(NOW - timedelta(days=days))
        notes = ScoreNotes(desk.scores, clock)
        notes.add(MERCHANT, result)
        await notes.flush()
    retention = NoteRetention(desk.scores, desk.clock)
    assert (await retention.forget(), await retention.forget()) == (1, 0)
    async with desk.database.reading() as tx:
        assert await tx.driver.fetchval("select min(scored_at) from score_notes") == NOW - timedelta(days=700)


async def test_a_merchant_is_erased(desk: Desk, result: Result) -> None:
    notes = ScoreNotes(desk.scores, desk.clock)
    for number in (1, 2, 1):
        notes.add(named(number), result)
    await notes.flush()
    await desk.scores.erase("shop-1")
    async with desk.database.reading() as tx:
        assert await tx.driver.fetch("select merchant_id from score_notes") == [("shop-2",)]


def test_what_is_noted_has_a_number_for_each_name_and_names_nobody() -> None:
    bare = evidence(traits=None, trade=None, bureau=None, fee_share=None)
    for merchant in (MERCHANT, bare):
        features = noted.features_of(merchant)
        assert len(features) == len(noted.NAMES)
        assert all(isinstance(value, float) for value in features)
    known = {name for name, value in zip(noted.NAMES, noted.features_of(bare), strict=True) if not math.isnan(value)}
    assert known == {"term_months", "quality"}
    assert datetime(2026, 11, 24, 4, 0, tzinfo=UTC) == NOW
