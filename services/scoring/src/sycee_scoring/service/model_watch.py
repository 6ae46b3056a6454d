"""Has every instance serve the models that are in force: at the start, and within moments of each change.

PostgreSQL tells of a change when it commits (NOTIFY); should that be missed, or the listening connection be lost, the
roles are read again every few seconds anyway.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

import structlog
from sycee_service.clock import Clock

from sycee_scoring.registry.loaders import ModelRefusedError, load
from sycee_scoring.registry.model import SHIPPED_BY, Component, Model, Package, Role
from sycee_scoring.registry.roles import ChangeKind
from sycee_scoring.registry.serving import Loaded, Models, Serving
from sycee_scoring.service.model_shelf import ModelShelf
from sycee_scoring.service.models import put_in_force
from sycee_scoring.store.model_roles import Change, RoleListener, RoleStore
from sycee_scoring.store.models import InRole, ModelStore

POLL_S: Final = 5.0
"""How long a change may go unnoticed where its notice was missed."""


class ModelWatch:
    """Keeps `models` at what is in force. One task writes; anybody may read."""

    def __init__(
        self,
        store: ModelStore,
        roles: RoleStore,
        shelf: ModelShelf,
        clock: Clock,
        poll_s: float = POLL_S,
    ) -> None:
        self.models = Models()
        self._store = store
        self._roles = roles
        self._shelf = shelf
        self._clock = clock
        self._poll_s = poll_s
        self._seen: InRole | None = None
        self._log = structlog.get_logger()

    async def start(self) -> None:
        """Registers what comes with the code and loads what is in force.

        Raises ModelRefusedError when a file that comes with the code, or a champion in force, cannot be loaded: a
        server that cannot decide as was approved must not decide otherwise.
        """
        for loader in self._shelf.loaders.values():
            if loader.shipped is not None:
                package = await asyncio.to_thread(loader.shipped)
                await asyncio.to_thread(load, package, self._shelf.loaders)
                await self._register(package)
        await self._take_up(await self._store.in_role(), refuse=True)

    async def run(self, listener: RoleListener) -> None:
        """Follows the changes until cancelled; an error ends it, for the supervisor to start it again."""
        async with listener:
            while True:
                await self.refresh()
                await listener.wait(self._poll_s)

    async def refresh(self) -> None:
        """Takes up what is in force now. A champion or challenger that this code refuses leaves the one before serving,
        and is told of once a change."""
        in_role = await self._store.in_role()
        if in_role != self._seen:
            await self._take_up(in_role, refuse=False)

    async def _register(self, package: Package) -> None:
        """Adds a model that comes with the code. When it is new here it becomes champion where the component has none,
        or has one that came with the code before; a champion that people chose stays until people choose again."""
        async with self._roles.open(package.component) as book:
            known = await book.known(package.version)
            if known is not None:
                _refuse_another(package, known)
                return
            now = self._clock.now()
            number = await book.register(package, SHIPPED_BY, now)
            reigns = await book.reigns()
            if reigns and reigns[-1].kind is not ChangeKind.SHIPPED:
                return
            change = Change(ChangeKind.SHIPPED, Role.CHAMPION, SHIPPED_BY, SHIPPED_BY, "comes with the code", now)
            await put_in_force(book, await book.numbered(number), change)

    async def _take_up(self, in_role: InRole, *, refuse: bool) -> None:
        before = self.models.current()
        champions = dict(before.champions)
        for number in in_role.champions:
            loaded = await self._loaded(number, refuse=refuse)
            if loaded is not None:
                champions[loaded.component] = loaded
        challengers: dict[Component, tuple[Loaded, ...]] = {}
        for number in in_role.challengers:
            loaded = await self._loaded(number, refuse=False)
            if loaded is not None:
                challengers[loaded.component] = (*challengers.get(loaded.component, ()), loaded)
        self.models.replace(Serving(in_role.change_no, champions, challengers))
        self._seen = in_role
        versions = {component.label: loaded.version for component, loaded in champions.items()}
        self._log.info("models in force", change_number=in_role.change_no, **versions)

    async def _loaded(self, number: int, *, refuse: bool) -> Loaded | None:
        try:
            return await self._shelf.load(number)
        except ModelRefusedError as error:
            if refuse:
                raise
            self._log.error("MODEL_REFUSED", reason=str(error))
            return None


def _refuse_another(package: Package, known: Model) -> None:
    """Raises ModelRefusedError where a registered version scores otherwise than the one that comes with the code."""
    serving = json.loads(known.card_json).get("serving")
    if known.artefact_sha256 != package.artefact_sha256 or serving != package.card["serving"]:
        raise ModelRefusedError(f"{package.version} is registered with other contents: it needs a version of its own")
