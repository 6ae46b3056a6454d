"""The roles of models, changed. A line of history is only ever added; who plays which part now is kept beside it.

Every change happens under the component's lock, in one transaction with its line of history and its event, and tells
all instances at commit (NOTIFY).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from sycee_service.database import Database, Transaction, is_closed
from sycee_service.errors import NotFound, Unavailable
from sycee_service.outbox import Event

from sycee_scoring.registry.model import Component, Model, Package, Role
from sycee_scoring.registry.roles import ChangeKind, Reign
from sycee_scoring.store.models import CHAMPION, GET, GET_BY_NUMBER, add_model, model_of

CHANNEL: Final = "sycee_scoring_models"
"""NOTIFY channel: something in the roles has changed."""

_LOCK_CLASS: Final = 0x5CE0_0003
"""First key of the advisory locks, one for each component."""

_CHALLENGERS: Final = "select model_no from model_standings where component = $1 and role = 2 order by in_role_since"
_VERSION: Final = "select version from models where model_no = $1"
_TRAINERS: Final = """
select trained_by from models where model_no = $1 union select trained_by from model_trainings where model_no = $1
"""
_PROPOSE: Final = "update model_standings set proposed_role = $2, proposed_by = $3 where model_no = $1"
_RETIRE: Final = """
update model_standings set role = 0, proposed_role = 0, proposed_by = '', approved_by = '', in_role_since = null
where model_no = $1
"""
_PUT_IN_FORCE: Final = """
update model_standings set role = $2, proposed_role = 0, proposed_by = $3, approved_by = $4, in_role_since = $5
where model_no = $1
"""
_NOTE: Final = """
with changed as (
    insert into model_role_changes (model_no, component, kind, role, displaced_model_no, proposed_by, approved_by,
        reason, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning change_no
)
select change_no, pg_notify($10, change_no::text) from changed
"""
_REIGNS: Final = """
select kind, model_no from model_role_changes where component = $1 and role = 1 and kind <> 2 order by change_no
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A line to add to the history."""

    kind: ChangeKind
    role: Role
    proposed_by: str
    approved_by: str
    reason: str
    at: datetime


class RoleBook:
    """The roles of one component inside a transaction that holds its lock. Made by `RoleStore.open`."""

    def __init__(self, tx: Transaction, component: Component) -> None:
        self._tx = tx
        self.component = component

    def emit(self, event: Event) -> None:
        """Has the event written when, and only when, the change commits."""
        self._tx.emit(event)

    async def known(self, version: str) -> Model | None:
        """A registered model, with its card; None where there is none of this version."""
        row = await self._tx.driver.fetchrow(GET, version)
        return None if row is None else model_of(row)

    async def register(self, package: Package, by: str, at: datetime) -> int:
        """Adds a model that comes with the code; its number."""
        return await add_model(self._tx, package, by, at)

    async def find(self, version: str) -> Model:
        """A model as it stands now. Raises NotFound."""
        model = await self.known(version)
        if model is None:
            raise NotFound("model", version)
        return model

    async def champion(self) -> Model | None:
        """The model that decides now."""
        row = await self._tx.driver.fetchrow(CHAMPION, int(self.component))
        return None if row is None else model_of(row)

    async def reigns(self) -> list[Reign]:
        """How champions came to be, oldest first."""
        rows = await self._tx.driver.fetch(_REIGNS, int(self.component))
        return [Reign(ChangeKind(row["kind"]), row["model_no"]) for row in rows]

    async def numbered(self, number: int) -> Model:
        """A model by its number, which must be a registered one's."""
        return model_of(await self._tx.driver.fetchrow(GET_BY_NUMBER, number))

    async def trainers(self, number: int) -> frozenset[str]:
        """All who had this model trained."""
        return frozenset(row["trained_by"] for row in await self._tx.driver.fetch(_TRAINERS, number))

    async def propose(self, number: int, change: Change) -> None:
        """Proposes a model for a role; a proposal before it is forgotten, though not by the history."""
        await self._tx.driver.execute(_PROPOSE, number, int(change.role), change.proposed_by)
        await self._note(number, change, None)

    async def put_in_force(self, number: int, change: Change, most_challengers: int) -> tuple[int, str]:
        """Gives a model its role and takes it from the champion before or, where there would be more than
        `most_challengers`, from the longest-serving challenger. Returns the change's number and the version that left
        the role, empty where none did."""
        displaced = await self._to_displace(number, change.role, most_challengers)
        if displaced is not None:
            await self._tx.driver.execute(_RETIRE, displaced)
        await self._tx.driver.execute(
            _PUT_IN_FORCE, number, int(change.role), change.proposed_by, change.approved_by, change.at
        )
        left = "" if displaced is None else await self._tx.driver.fetchval(_VERSION, displaced)
        return await self._note(number, change, displaced), left

    async def _to_displace(self, number: int, role: Role, most_challengers: int) -> int | None:
        if role is Role.CHAMPION:
            champion = await self.champion()
            return None if champion is None else champion.number
        serving = [row["model_no"] for row in await self._tx.driver.fetch(_CHALLENGERS, int(self.component))]
        others = [one for one in serving if one != number]
        return others[0] if len(others) >= most_challengers else None

    async def _note(self, number: int, change: Change, displaced: int | None) -> int:
        noted: int = await self._tx.driver.fetchval(
            _NOTE,
            number,
            int(self.component),
            int(change.kind),
            int(change.role),
            displaced,
            change.proposed_by,
            change.approved_by,
            change.reason,
            change.at,
            CHANNEL,
        )
        return noted


class RoleStore:
    """Opens the book of a component's roles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def open(self, component: Component) -> AsyncIterator[RoleBook]:
        """A transaction with the component's lock, held until it ends: changes of its roles happen one by one."""
        async with self._database.transaction() as tx:
            await tx.driver.execute("select pg_advisory_xact_lock($1, $2)", _LOCK_CLASS, int(component))
            yield RoleBook(tx, component)


class RoleListener:
    """`async with RoleListener(database) as listener:` — hears of changes of roles on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heard = asyncio.Event()
        self._driver: asyncpg.Connection | None = None

    async def __aenter__(self) -> RoleListener:
        if self._database.pool.get_max_size() > 1:  # else there is no connection to spare, and polling must do
            self._driver = await self._database.acquire()
            self._driver.add_termination_listener(self._wake)
            await self._driver.add_listener(CHANNEL, self._wake)
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            if not is_closed(driver):
                driver.remove_termination_listener(self._wake)
                await driver.remove_listener(CHANNEL, self._wake)
        finally:
            await self._database.release(driver)

    async def wait(self, at_most_s: float) -> None:
        """Returns when something has changed since the wait before, or after `at_most_s`. Raises Unavailable when the
        connection was lost."""
        if self._driver is not None and is_closed(self._driver):
            raise Unavailable("DATABASE_UNAVAILABLE", "the connection that hears of new models was lost", 500)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._heard.wait()
        self._heard.clear()

    def _wake(self, *_about: object) -> None:
        self._heard.set()
