"""Models out of the registry, checked and loaded once each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sycee_scoring.registry.loaders import Loader, load
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.serving import Loaded
from sycee_scoring.store.models import ModelStore

MOST_KEPT = 32
"""Loaded models that are kept; a loaded one is a few megabytes at most."""


class ModelShelf:
    """Keeps what was loaded. A model never changes, so that one that was once loaded needs no second look."""

    def __init__(self, models: ModelStore, loaders: Mapping[Component, Loader]) -> None:
        self._models = models
        self.loaders = loaders
        self._kept: dict[int, Loaded] = {}

    async def load(self, number: int) -> Loaded:
        """The model, loaded beside the event loop. Raises ModelRefusedError, NotFound, Unavailable."""
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        package = await self._models.package(number)
        loaded = await asyncio.to_thread(load, package, self.loaders)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[number] = loaded
        return loaded
