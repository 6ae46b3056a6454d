"""How a suite is now: what its supervisor knows, and what each process answers when asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder, read_choices
from sycee_cli.suite.plan import process_specs
from sycee_cli.suite.record import ProcessRecord, State, SuiteRecord, read_record
from sycee_cli.suite.spec import NotReady, ProcessSpec

SERVING = "serving"
DOWN = "down"
POLL_S = 0.1
PROBE_LIMIT_S = 3.0
UNSEEN_S = 5.0
"""How long a supervisor that has the folder may take to write its first record."""


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process: its record, "serving" or why it does not, and the memory of it and its children in bytes."""

    record: ProcessRecord
    health: str
    memory_bytes: int


def is_running(folder: StateFolder) -> bool:
    """Whether a supervisor runs the suite of this folder."""
    record = read_record(folder.record_file)
    return record is not None and record.is_supervised()


async def ask(folder: StateFolder, record: SuiteRecord) -> list[ProcessStatus]:
    """Asks every process of a running suite, all at once."""
    specs = {spec.name: spec for spec in _specs(folder)}
    health = await asyncio.gather(*(_health(process, specs.get(process.name)) for process in record.processes))
    return [
        ProcessStatus(process, answer, memory_bytes(process.pid) if process.is_alive() else 0)
        for process, answer in zip(record.processes, health, strict=True)
    ]


async def wait_serving(folder: StateFolder, limit_s: float) -> SuiteRecord:
    """Waits until every process of a running suite serves. Raises SuiteError when that takes too long or it stops."""
    begun = seen = time.monotonic()
    while True:
        record = read_record(folder.record_file)
        if record is not None and record.is_supervised():
            seen = time.monotonic()
            missing = await _missing(folder, record)
            if not missing:
                return record
        else:
            missing = ["the supervisor"]
        if time.monotonic() - seen >= UNSEEN_S:
            raise SuiteError(record.error if record and record.error else "the suite is not running any more")
        if time.monotonic() - begun >= limit_s:
            raise SuiteError(f"still not serving after {limit_s:.0f} s: {', '.join(missing)}")
        await asyncio.sleep(POLL_S)


def memory_bytes(pid: int) -> int:
    """Memory of a process and its children; what they share counts once, where the system tells."""
    try:
        process = psutil.Process(pid)
        return sum(_memory(one) for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(getattr(process.memory_full_info(), "pss", 0)) or int(process.memory_info().rss)
    except psutil.Error:
        return 0


async def _missing(folder: StateFolder, record: SuiteRecord) -> list[str]:
    if record.state is State.STOPPING:
        raise SuiteError("the suite is being stopped: start it again when it is down")
    if record.state is not State.READY:
        return [process.name for process in record.processes if process.state is not State.READY] or ["the supervisor"]
    return [
        f"{status.record.name} ({status.health})" for status in await ask(folder, record) if status.health != SERVING
    ]


async def _health(process: ProcessRecord, spec: ProcessSpec | None) -> str:
    if spec is None or not process.is_alive():
        return DOWN
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            await spec.probe()
    except (NotReady, TimeoutError) as reason:
        return str(reason) or "no answer"
    return SERVING


def _specs(folder: StateFolder) -> Sequence[ProcessSpec]:
    choices = read_choices(folder)
    return [] if choices is None else process_specs(folder, choices)
