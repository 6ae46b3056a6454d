"""What runs, written by the supervisor on every change and read by everybody else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from sycee_cli.suite.files import SECRET_MODE, write_file
from sycee_cli.suite.identity import is_same


class State(StrEnum):
    """Of a process, or of the suite as a whole."""

    WAITING = "waiting"
    """For what it needs."""
    STARTING = "starting"
    """It runs, and does not answer yet."""
    READY = "ready"
    RESTARTING = "restarting"
    """It ended by itself and begins again after a pause."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process. `pid` is 0 when it does not run; `ready_s` counts from the start of the suite."""

    name: str
    address: str
    state: State = State.WAITING
    pid: int = 0
    identity: str = ""
    restarts: int = 0
    last_exit: str = ""
    detail: str = ""
    ready_s: float | None = None

    def is_alive(self) -> bool:
        """Whether the very process that was started still runs."""
        return self.pid > 0 and is_same(self.pid, self.identity)


@dataclass(frozen=True, slots=True)
class SuiteRecord:
    """The suite. `error` says in one line why it failed; `ready_s` is how long it took until all were ready."""

    supervisor_pid: int
    supervisor_identity: str
    started_at: str
    state: State = State.STARTING
    error: str = ""
    ready_s: float | None = None
    processes: tuple[ProcessRecord, ...] = ()

    def with_process(self, changed: ProcessRecord) -> SuiteRecord:
        """The same with one process changed."""
        processes = tuple(changed if process.name == changed.name else process for process in self.processes)
        return replace(self, processes=processes)

    def process(self, name: str) -> ProcessRecord:
        """The process of that name. Raises KeyError."""
        found = next((process for process in self.processes if process.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def is_supervised(self) -> bool:
        """Whether its supervisor still runs."""
        return is_same(self.supervisor_pid, self.supervisor_identity)


def write_record(path: Path, record: SuiteRecord) -> None:
    """Keeps it. Raises OSError."""
    write_file(path, json.dumps(asdict(record), indent=1).encode(), SECRET_MODE, durable=False)


def read_record(path: Path) -> SuiteRecord | None:
    """The last one kept; None when there is none, or it cannot be read (then nothing of it is known)."""
    try:
        kept = json.loads(path.read_bytes())
        processes = tuple(
            ProcessRecord(**(process | {"state": State(process["state"])})) for process in kept.pop("processes")
        )
        return SuiteRecord(**(kept | {"state": State(kept["state"]), "processes": processes}))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
