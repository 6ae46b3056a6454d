"""`sycee bench`: the suite measured beside the bare parts it is made of."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sycee_client import MutualTls, SyceeClient

from sycee_cli.bench import growth, measures, scoring
from sycee_cli.bench.measures import Measure
from sycee_cli.suite import background
from sycee_cli.suite.folder import SERVICES, StateFolder, open_folder, read_choices
from sycee_cli.suite.leftovers import clear_leftovers, stop_supervisor
from sycee_cli.suite.plan import Wishes
from sycee_cli.suite.postgres import database_environment
from sycee_cli.suite.record import read_record
from sycee_cli.tokens import EVERY_SCOPE, mint

CLIENT_NAMES = {"gateway": "decision"}
"""Where the client's attribute has another name than the service."""
TOKEN_S = 3_600
STOP_LIMIT_S = 60.0


def bench(
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only these groups: echoes, publishing, growth, reading, scoring, deciding."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", envvar="SYCEE_BENCH_FULL", help="Growth up to ten million events: minutes more.")
    ] = False,
) -> None:
    """Measure, and print one JSON object a line. Takes a few minutes; merchants and events are simulated.

    Starts a suite of its own in a temporary folder and stops it at the end. On a machine that does other work the
    figures mean little.
    """
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="sycee-bench-") as home:
        folder = open_folder(Path(home))
        try:
            _say(_up_again(folder, console))
            asyncio.run(_measure(folder, _wanted(only), console, full=full))
        finally:
            _stop(folder)


def _up_again(folder: StateFolder, console: Console) -> Measure:
    """Starts the suite, stops it, and times the second start: the first one makes databases and certificates."""
    console.print("starting a suite twice")
    begin = time.perf_counter()
    background.start(folder, Wishes(), lambda _: None)
    first_s = time.perf_counter() - begin
    _stop(folder)
    begin = time.perf_counter()
    background.start(folder, Wishes(), lambda _: None)
    return Measure("up_ready_s", round(time.perf_counter() - begin, 2), "s", {"first_time_s": round(first_s, 2)})


def _stop(folder: StateFolder) -> None:
    """Stops the suite, also when its start has failed half-way."""
    record = read_record(folder.record_file)
    if record is not None and record.is_supervised():
        stop_supervisor(record, STOP_LIMIT_S)
    clear_leftovers(folder.record_file)


def _wanted(only: list[str] | None) -> set[str]:
    """The groups asked for, and the echo where decisions are set against it."""
    return {*only, *(["echoes"] if "deciding" in only else [])} if only else set()


async def _measure(folder: StateFolder, only: set[str], console: Console, *, full: bool) -> None:
    choices = read_choices(folder)
    if choices is None:
        raise RuntimeError("the suite has started and chosen no ports")
    addresses = {CLIENT_NAMES.get(name, name): f"127.0.0.1:{choices.ports[name]}" for name in SERVICES}
    operator = MutualTls.from_files(folder.ca, folder.certificate("operator"), folder.certificate_key("operator"))
    token = mint(folder, EVERY_SCOPE, "bench", TOKEN_S)
    edge = f"127.0.0.1:{choices.ports['edge']}"
    echo_per_s = 0.0
    async with (
        SyceeClient.direct(addresses, operator) as inside,
        SyceeClient(edge, token=token, ca=folder.ca.read_bytes()) as outside,
    ):
        groups: dict[str, Callable[[], AsyncIterator[Measure]]] = {
            "echoes": measures.echoes,
            "publishing": lambda: measures.publishing(inside, database_environment(choices, "ingestion")),
            "growth": lambda: growth.growing(inside, full=full),
            "reading": lambda: measures.reading(inside),
            "scoring": lambda: scoring.scoring(inside),
            "deciding": lambda: measures.deciding(outside, echo_per_s),
        }
        for name, group in groups.items():
            if only and name not in only:
                continue
            console.print(f"measuring {name}")
            async for measure in group():
                echo_per_s = measure.value if measure.name == "echo_per_s" else echo_per_s
                _say(measure)


def _say(measure: Measure) -> None:
    line = {"name": measure.name, "value": measure.value, "unit": measure.unit, **measure.more}
    print(json.dumps(line), flush=True)
