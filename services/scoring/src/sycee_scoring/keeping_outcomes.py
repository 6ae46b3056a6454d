"""Puts on the host what notes scores and judges by outcomes: notes, retention, erasure, drift, comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter
from sycee_service.bus import Bus, CloudEvent
from sycee_service.database import Database
from sycee_service.host import Host

from sycee_scoring.domain.panel import Panel
from sycee_scoring.handlers.outcomes import OutcomeHandlers
from sycee_scoring.registry.serving import Models
from sycee_scoring.service.drifting import DriftService
from sycee_scoring.service.noting import NoteRetention, ScoreNotes
from sycee_scoring.service.outcomes import OutcomeService
from sycee_scoring.service.shadow import Shadow
from sycee_scoring.service.watching import DriftWatch
from sycee_scoring.settings import Settings
from sycee_scoring.store.drift import DriftStore
from sycee_scoring.store.models import ModelStore
from sycee_scoring.store.outcomes import OutcomeStore
from sycee_scoring.store.scores import ScoreStore

ERASED: Final = "sycee.ingestion.merchant_erased.v1"
ERASURES: Final = "scoring-erasures"


@dataclass(frozen=True, slots=True)
class OutcomesKept:
    """What the rest of the server needs of it."""

    notes: ScoreNotes
    handlers: OutcomeHandlers


async def keep_outcomes(
    host: Host[Settings], database: Database, bus: Bus, models: Models, panel: Callable[[], Panel]
) -> OutcomesKept:
    """Begins noting and watching. `models` tells who the challengers are, `panel` what scores now."""
    scores, levels = ScoreStore(database), DriftStore(database)
    drifts = DriftService(scores, levels, ModelStore(database), host.clock)
    lost = Counter("sycee_score_notes_lost", "Notes of scores that were never written", registry=host.metrics.registry)
    notes = ScoreNotes(scores, host.clock, Shadow(models, panel).scores, lost.inc)
    host.background("score notes", notes.run)
    host.on_close(notes.flush)
    host.background("score notes retention", NoteRetention(scores, host.clock).run)
    host.background("drift watch", DriftWatch(drifts, levels, scores, host.clock).run)

    async def erase(event: CloudEvent) -> None:
        await scores.erase(event.subject)

    await bus.consume(ERASURES, ERASED, erase)
    outcomes = OutcomeService(OutcomeStore(database), scores, ModelStore(database), host.clock)
    return OutcomesKept(notes, OutcomeHandlers(outcomes, drifts))
