"""How long lookups take when there are many links: made up, written with COPY, then asked for."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rich.progress import Progress
from sycee_service.database import Database

from sycee_scoring.fraud.evidence import Application
from sycee_scoring.fraud.surroundings import Attribute, Kind, Surroundings
from sycee_scoring.store.fraud import FraudStore
from sycee_scoring.store.fraud_statements import HUB

LOOKUPS: Final = 2_000
LEAST_LINKS: Final = 1_000
_WARM: Final = 200
_NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
_KINDS: Final = (Kind.OPERATOR, Kind.PHONE, Kind.ACCOUNT, Kind.ADDRESS, Kind.DEVICE)
_ALONE: Final = {Kind.OPERATOR: 0.97, Kind.PHONE: 0.92, Kind.ACCOUNT: 0.95, Kind.ADDRESS: 0.55, Kind.DEVICE: 0.90}
_POWER: Final = {Kind.OPERATOR: 3.5, Kind.PHONE: 3.0, Kind.ACCOUNT: 2.6, Kind.ADDRESS: 1.9, Kind.DEVICE: 2.3}
_RING_SIZE: Final = 24
_FRAUDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Timed:
    """What was asked, and how long each took, in milliseconds; `members` were found at one step in the mean."""

    name: str
    milliseconds: npt.NDArray[np.float64]
    members: float
    linked: float

    def at(self, percent: float) -> float:
        """A percentile, in milliseconds."""
        return float(np.percentile(self.milliseconds, percent))


async def time_lookups(database: Database, links: int, seed: int, progress: Progress) -> list[Timed]:
    """Writes that many links and times lookups over them: of any merchant, of members of rings, and of tenants of hubs
    where there are any; then applications, which write too and commit."""
    random = np.random.default_rng(seed)
    worn = _worn(links // len(_KINDS), random)
    await _write(database, worn, random, progress)
    store = FraudStore(database)
    sizes = {kind: np.bincount(worn[kind]) for kind in _KINDS}
    ring = (sizes[Kind.DEVICE][worn[Kind.DEVICE]] == _RING_SIZE).nonzero()[0]
    hub = (sizes[Kind.ADDRESS][worn[Kind.ADDRESS]] > HUB).nonzero()[0]
    all_of_them = np.arange(len(worn[Kind.PHONE]))
    timed = [await _bare(database)]
    for name, picked in (("any merchant", all_of_them), ("in a ring", ring), ("in a hub", hub)):
        if len(picked) == 0:
            continue
        chosen = random.choice(picked, LOOKUPS + _WARM)
        timed.append(await _timed(f"look, {name}", chosen, worn, store.look, progress))
    chosen = random.choice(all_of_them, LOOKUPS + _WARM)
    timed.append(await _timed("apply, any merchant", chosen, worn, store.apply, progress))
    return timed


async def _bare(database: Database) -> Timed:
    """A statement that does nothing: what this machine takes for any, at this moment."""
    took = []
    for _ in range(LOOKUPS):
        start = time.perf_counter()
        async with database.reading() as tx:
            await tx.driver.fetchval("select 1")
        took.append((time.perf_counter() - start) * 1_000)
    return Timed("select 1", np.array(took), 0.0, 0.0)


async def _timed(
    name: str,
    chosen: Sequence[int] | npt.NDArray[np.int64],
    worn: dict[Kind, npt.NDArray[np.int64]],
    ask: Callable[[Application, datetime], Awaitable[Surroundings]],
    progress: Progress,
) -> Timed:
    task = progress.add_task(name, total=len(chosen))
    took, near, linked = [], [], []
    for turn, merchant in enumerate(chosen):
        application = _application(int(merchant), worn, turn)
        start = time.perf_counter()
        around = await ask(application, _NOW)
        if turn >= _WARM:
            took.append((time.perf_counter() - start) * 1_000)
            near.append(len(around.members))
            linked.append(around.linked_count)
        progress.advance(task)
    return Timed(name, np.array(took), float(np.mean(near)), float(np.mean(linked)))


def _worn(merchants: int, random: np.random.Generator) -> dict[Kind, npt.NDArray[np.int64]]:
    """For each kind the number of the thing that each merchant has. Most are alone with theirs; the rest share it, in
    groups whose sizes follow a power law, the first address's a sixth of them; a tenth of a per
    cent, and two dozen at least, are in rings of two dozen that share a device, an account and a phone."""
    worn = {}
    for kind in _KINDS:
        things = np.arange(merchants)
        sharing = (random.random(merchants) > _ALONE[kind]).nonzero()[0]
        random.shuffle(sharing)
        start, size = 0, len(sharing) // 6 if kind is Kind.ADDRESS else 2
        while start < len(sharing):
            things[sharing[start : start + size]] = merchants + sharing[start]
            start += size
            size = min(len(sharing) // 6 + 2, 1 + int(random.zipf(_POWER[kind])))
        worn[kind] = things
    rings = max(1, merchants // (1_000 * _RING_SIZE))
    members = random.choice(merchants, rings * _RING_SIZE, replace=False)
    for place, member in enumerate(members):
        for kind in (Kind.DEVICE, Kind.ACCOUNT, Kind.PHONE):
            worn[kind][member] = 3 * merchants + place // _RING_SIZE
    return {kind: np.unique(things, return_inverse=True)[1] for kind, things in worn.items()}


async def _write(
    database: Database, worn: dict[Kind, npt.NDArray[np.int64]], random: np.random.Generator, progress: Progress
) -> None:
    merchants = len(worn[Kind.PHONE])
    frauds = random.random(merchants) < _FRAUDS
    ages = random.uniform(0.0, 365.0, merchants)
    applied = [_NOW - timedelta(days=float(age)) for age in ages]
    async with database.pool.acquire() as driver:
        task = progress.add_task("writing links", total=None)
        await _copy(
            driver,
            "fraud_merchants",
            ("merchant_id", "first_applied_at", "last_applied_at", "revision", "verdict", "found_at"),
            (
                (f"m{one}", applied[one], applied[one], 1, int(frauds[one]), applied[one] if frauds[one] else None)
                for one in range(merchants)
            ),
        )
        first = await driver.fetchval("select min(merchant_no) from fraud_merchants")
        await _copy(
            driver,
            "fraud_applications",
            ("merchant_no", "application_id", "applied_at"),
            ((first + one, "first", applied[one]) for one in range(merchants)),
        )
        for kind in _KINDS:
            things = int(worn[kind].max()) + 1
            start = await driver.fetchval("select coalesce(max(attribute_no), 0) + 1 from fraud_attributes")
            await _copy(
                driver,
                "fraud_attributes",
                ("kind", "digest", "merchant_count", "revision"),
                ((int(kind), _digest(kind, thing), 0, 1) for thing in range(things)),
            )
            await _copy(
                driver,
                "fraud_links",
                ("attribute_no", "merchant_no", "linked_at"),
                ((start + int(worn[kind][one]), first + one, applied[one]) for one in range(merchants)),
            )
        await driver.execute("vacuum analyze")
        progress.update(task, total=1, completed=1)


async def _copy(driver: Any, table: str, columns: Sequence[str], rows: Iterator[tuple[object, ...]]) -> None:
    await driver.copy_records_to_table(table, columns=columns, records=rows)


def _application(merchant: int, worn: dict[Kind, npt.NDArray[np.int64]], turn: int) -> Application:
    attributes = tuple(sorted(Attribute(kind, _digest(kind, int(worn[kind][merchant]))) for kind in _KINDS))
    return Application(f"m{merchant}", _NOW, f"again-{turn}", attributes)


def _digest(kind: Kind, thing: int) -> bytes:
    return hashlib.blake2b(thing.to_bytes(8, "big"), digest_size=16, person=kind.name.encode()[:16]).digest()
