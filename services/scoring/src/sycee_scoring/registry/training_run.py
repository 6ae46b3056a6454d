"""One training in a process of its own: `python -m sycee_scoring.registry.training_run FOLDER`.

Reads `job.json` (and `table`) in FOLDER, writes `artefact`, `card.json`, `card.md` and `facts.json` there, and tells on
stdout, a JSON line each, how far it is and how it ended:

    {"progress": ["fold 2 of 5", 2, 7]}
    {"refused": {"kind": "invalid", "field": "table.employees", "rule": "…", "value": "…"}}
    {"trained": true}

It ends by itself when its stdin is closed: no training outlives the server that began it. Trainers are imported here
and only here, so that the server never holds LightGBM, polars or their threads.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sycee_service.errors import FailedPrecondition, InvalidArgument

from sycee_scoring.registry.model import Component
from sycee_scoring.registry.trainers import trainer_of
from sycee_scoring.registry.wish import Job, Progress, Trained, TrainingTable

MOST_BYTES: Final = 6 * 1024**3
"""Address space: a table that unpacks to more than fits is refused by the system, not by the server's death."""

ENDED_WITH_THE_SERVER: Final = 75
"""Exit code (EX_TEMPFAIL of sysexits.h)."""

MOST_CPU_S: Final = 3_600
"""Processor time; the system ends what takes longer."""

NICENESS: Final = 10
"""The server's own answers come first."""


def main(arguments: list[str]) -> int:
    """Trains; 0 where it ended as told on stdout, refusals included."""
    folder, tell = Path(arguments[0]), _Voice()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    try:
        job = read_job(folder)
        trained = trainer_of(job.component)(job, tell.progress)
        write_trained(folder, trained)
        tell.line({"trained": True})
    except InvalidArgument as error:
        violation = error.violations[0]
        value = None if violation.value is None else str(violation.value)
        tell.line({"refused": {"kind": "invalid", "field": violation.field, "rule": violation.rule, "value": value}})
    except FailedPrecondition as error:
        tell.line({"refused": {"kind": "state", "reason": error.reason, "message": error.message, **error.metadata}})
    except MemoryError:
        tell.line({"refused": {"kind": "invalid", "field": "table", "rule": "must fit into memory when unpacked"}})
    return 0


def write_job(folder: Path, job: Job) -> None:
    """Puts a job where `read_job` finds it."""
    table = job.table
    content = {
        "component": int(job.component),
        "seed": job.seed,
        "table": None
        if table is None
        else {"label": table.label_column, "time": table.time_column, "description": table.description},
        "loans": job.loans,
        "base_card": job.base_card,
    }
    (folder / "job.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    if table is not None:
        (folder / "table").write_bytes(table.content)


def read_job(folder: Path) -> Job:
    """The job that `write_job` put there."""
    content: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    said = content["table"]
    table = None
    if said is not None:
        table = TrainingTable((folder / "table").read_bytes(), said["label"], said["time"], said["description"])
    return Job(Component(content["component"]), content["seed"], table, content["loans"], content["base_card"])


def write_trained(folder: Path, trained: Trained) -> None:
    """Puts what was trained where the server finds it."""
    (folder / "artefact").write_bytes(trained.artefact)
    (folder / "card.json").write_text(json.dumps(trained.card, ensure_ascii=False), encoding="utf-8")
    (folder / "card.md").write_text(trained.markdown, encoding="utf-8")
    (folder / "facts.json").write_text(json.dumps(asdict(trained.facts)), encoding="utf-8")


class _Voice:
    """The lines to the server. Whatever else writes to stdout, as C libraries do, is not heard."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())

    def progress(self, progress: Progress) -> None:
        """Says how far it is."""
        self.line({"progress": [progress.stage, progress.done, progress.total]})

    def line(self, content: Mapping[str, Any]) -> None:
        """Says anything."""
        self._out.write(json.dumps(content, ensure_ascii=False) + "\n")
        self._out.flush()


def _end_with_the_server() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # unbuffered: a lock held here would stand in the way of a regular end
        pass
    os._exit(ENDED_WITH_THE_SERVER)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
