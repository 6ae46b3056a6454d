"""What drift is measured against and where it stood: references are fixed once, crossings are told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sycee_service.database import Database
from sycee_service.outbox import Event

from sycee_scoring.outcomes.drift import Level, Reference, Shift, from_json, to_json

_LOCK_CLASS: Final = 0x5CE0_0004
"""First key of the advisory locks, one for each version."""

_REFERENCE: Final = "select content from drift_references where version = $1"
_FIX: Final = """
insert into drift_references (version, content, made_at) values ($1, $2, $3) on conflict (version) do nothing
"""
_LOCK: Final = "select pg_advisory_xact_lock($1, hashtext($2))"
_LEVELS: Final = "select name, level from drift_levels where version = $1"
_SET: Final = """
insert into drift_levels (version, name, level, index, changed_at)
select $1, name, level, index, $5
from unnest($2::text[], $3::smallint[], $4::double precision[]) as moved (name, level, index)
on conflict (version, name) do update
    set level = excluded.level, index = excluded.index, changed_at = excluded.changed_at
"""

Settle = Callable[[Mapping[str, Level]], tuple[Sequence[tuple[Shift, Level]], Sequence[Event]]]
"""From the levels before, what changes its level and to which, and what to tell of it."""


class DriftStore:
    """The tables of drift."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reference(self, version: str) -> Reference | None:
        """What a version is compared with; None before that is fixed."""
        async with self._database.reading() as tx:
            content = await tx.driver.fetchval(_REFERENCE, version)
        return None if content is None else from_json(json.loads(content))

    async def fix(self, version: str, reference: Reference, at: datetime) -> Reference:
        """Fixes the reference of a version; of two at once the first holds, and is returned."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(_FIX, version, json.dumps(to_json(reference)), at)
            content = await tx.driver.fetchval(_REFERENCE, version)
        return from_json(json.loads(content)) or reference

    async def settle(self, version: str, settle: Settle, at: datetime) -> None:
        """Moves levels and tells of it in one transaction, one instance at a time: each crossing is told once."""
        async with self._database.transaction() as tx:
            await tx.driver.execute(_LOCK, _LOCK_CLASS, version)
            before = {row["name"]: Level(row["level"]) for row in await tx.driver.fetch(_LEVELS, version)}
            changes, events = settle(before)
            if not changes:
                return
            names = [shift.name for shift, _ in changes]
            levels = [int(level) for _, level in changes]
            await tx.driver.execute(_SET, version, names, levels, [shift.index for shift, _ in changes], at)
            for event in events:
                tx.emit(event)
