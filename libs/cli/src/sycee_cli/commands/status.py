"""`sycee status`: every process, and what it answers now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sycee_cli.commands.options import State
from sycee_cli.suite import keys
from sycee_cli.suite.folder import StateFolder, find_folder
from sycee_cli.suite.record import SuiteRecord, read_record
from sycee_cli.suite.status import SERVING, ProcessStatus, ask

NOT_RUNNING, NOT_WELL = 3, 4
"""Exit codes, so that a script can tell."""


def status(
    state: State,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show pid, address, health, restarts and memory of every process.

    Exit code 0 when all serve, 4 when some do not, 3 when the suite does not run.
    """
    folder = find_folder(state)
    record = read_record(folder.record_file)
    running = record is not None and record.is_supervised()
    processes = asyncio.run(ask(folder, record)) if record is not None else []
    if as_json:
        print(json.dumps(_facts(folder, record, processes, running=running), indent=2))
    else:
        _print(record, processes, running=running)
    if not running:
        raise typer.Exit(NOT_RUNNING)
    if any(process.health != SERVING for process in processes):
        raise typer.Exit(NOT_WELL)


def _facts(
    folder: StateFolder, record: SuiteRecord | None, processes: list[ProcessStatus], *, running: bool
) -> dict[str, Any]:
    return {
        "running": running,
        "state": "stopped" if record is None or not running else str(record.state),
        "error": "" if record is None else record.error,
        "ready_s": None if record is None else record.ready_s,
        "supervisor_pid": record.supervisor_pid if record is not None and running else 0,
        "folder": str(folder.root),
        "ca": str(folder.ca),
        "log_public_key": str(keys.log_public_key_file(folder)),
        "processes": [_process_facts(process) for process in processes],
    }


def _process_facts(process: ProcessStatus) -> dict[str, Any]:
    known = asdict(process.record)
    del known["identity"]
    if not process.record.is_alive():
        known["pid"] = 0
    return {**known, "health": process.health, "memory_bytes": process.memory_bytes}


def _print(record: SuiteRecord | None, processes: list[ProcessStatus], *, running: bool) -> None:
    console = Console()
    if record is None or not running:
        why = f" ({record.error})" if record is not None and record.error else ""
        console.print(f"not running{why}", markup=False, highlight=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("process", "pid", "address", "health", "restarts", "memory"):
        table.add_column(column, justify="right" if column in {"pid", "restarts", "memory"} else "left")
    for process in processes:
        known = process.record
        colour = "green" if process.health == SERVING else "red"
        restarts = f"{known.restarts} ({known.last_exit})" if known.restarts else "0"
        memory = f"{process.memory_bytes / 2**20:.0f} MB"
        table.add_row(
            known.name, str(known.pid), known.address, f"[{colour}]{escape(process.health)}[/]", restarts, memory
        )
    console.print(table)
