"""Trains a model and keeps it as a candidate: one at a time on each instance, each request once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from sycee_service.clock import Clock
from sycee_service.errors import FailedPrecondition, ResourceExhausted

from sycee_scoring.outcomes.rows import ScoredLoan
from sycee_scoring.registry import training_process
from sycee_scoring.registry.combination_trainer import loans_to_json
from sycee_scoring.registry.loaders import ModelRefusedError, load, packaged
from sycee_scoring.registry.model import Component, Model
from sycee_scoring.registry.trainers import refuse_untrainable
from sycee_scoring.registry.wish import Job, Progress, Trained, TrainingTable, Wish
from sycee_scoring.service.model_shelf import ModelShelf
from sycee_scoring.store.models import ModelStore, TrainedBy

BUSY_RETRY_AFTER_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, as callers and as persons are told apart, and which request it is."""

    caller: str
    subject: str
    request_id: str
    digest: bytes


class OutcomeSource(Protocol):
    """The lender's own outcomes, for the combination."""

    async def scored_loans(self, first_day: date | None, last_day: date | None) -> list[ScoredLoan]:
        """Loans scored between two days, both included, with how they turned out."""


class ModelTraining:
    """TrainModel's use case."""

    def __init__(self, models: ModelStore, shelf: ModelShelf, clock: Clock, outcomes: OutcomeSource) -> None:
        self._models = models
        self._shelf = shelf
        self._clock = clock
        self._outcomes = outcomes
        self._idle = asyncio.Event()
        self._idle.set()

    async def close(self) -> None:
        """Returns when no training is under way: a call that was broken off needs a moment to end its process."""
        await self._idle.wait()

    async def train(self, request: Request, wish: Wish) -> AsyncIterator[Progress | Model]:
        """Yields how far it is and, last, the model; for a request that was answered before, that model alone.

        Nothing is kept of a training that was broken off. Raises AlreadyExists (REQUEST_ID_REUSED),
        FailedPrecondition (COMPONENT_NOT_TRAINABLE, TOO_FEW_OUTCOMES), InvalidArgument, ResourceExhausted
        (TRAINING_BUSY) while this instance trains another one.
        """
        before = await self._models.trained(request.caller, request.request_id, request.digest)
        if before is not None:
            yield before
            return
        refuse_untrainable(wish.component)
        if not self._idle.is_set():
            raise ResourceExhausted(
                "TRAINING_BUSY", "another model is being trained here; one at a time", BUSY_RETRY_AFTER_MS
            )
        self._idle.clear()
        try:
            async with aclosing(training_process.train(await self._job(wish))) as states:
                async for state in states:
                    yield state if isinstance(state, Progress) else await self._keep(request, wish.component, state)
        finally:
            self._idle.set()

    async def _job(self, wish: Wish) -> Job:
        champion = await self._models.champion(wish.component)
        card = {} if champion is None else json.loads(champion.card_json)
        if isinstance(wish.source, TrainingTable):
            return Job(wish.component, wish.seed, wish.source, None, card)
        loans = await self._outcomes.scored_loans(wish.source.first_day, wish.source.last_day)
        return Job(wish.component, wish.seed, None, loans_to_json(loans), card)

    async def _keep(self, request: Request, component: Component, trained: Trained) -> Model:
        """Keeps what was trained, once it has been loaded as it would be to score."""
        loader = self._shelf.loaders[component]
        try:
            package = packaged(loader, trained.artefact, trained.card, trained.markdown, trained.facts)
            await asyncio.to_thread(load, package, self._shelf.loaders)
        except ModelRefusedError as error:
            raise FailedPrecondition("MODEL_REFUSED", str(error)) from error
        by = TrainedBy(request.caller, request.request_id, request.digest, request.subject, self._clock.now())
        return await self._models.add_trained(package, by)
