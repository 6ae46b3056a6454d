"""`sycee up`: the suite, started and kept up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sycee_cli.commands.options import State
from sycee_cli.progress import Progress
from sycee_cli.suite import background, record
from sycee_cli.suite.folder import StateFolder, open_folder
from sycee_cli.suite.plan import Wishes
from sycee_cli.suite.record import SuiteRecord
from sycee_cli.suite.run import AlreadyRunning, run_suite
from sycee_cli.suite.status import wait_serving
from sycee_cli.suite.supervisor import READY_LIMIT_S


def up(
    state: State,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when ready; the suite runs on.")] = False,
    edge_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port of the edge; kept from then on.")
    ] = None,
    import_root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that ImportFile may read; kept from then on.")
    ] = None,
    new_ports: Annotated[bool, typer.Option("--new-ports", help="Choose every port again.")] = False,
) -> None:
    """Start PostgreSQL, NATS, Envoy and the six services, and keep them up until Ctrl-C.

    On a suite that runs already it waits until every process serves, and changes nothing.
    """
    console = Console()
    folder = open_folder(state)
    wishes = Wishes(edge_port=edge_port, import_root=import_root, new_ports=new_ports)
    try:
        if detach:
            _in_background(console, folder, wishes)
        else:
            _here(console, folder, wishes)
    except AlreadyRunning:
        running = asyncio.run(wait_serving(folder, READY_LIMIT_S))
        console.print(f"running already in {folder.root} (supervisor {running.supervisor_pid}); `sycee down` stops it")


def _in_background(console: Console, folder: StateFolder, wishes: Wishes) -> None:
    with Progress(console) as progress:
        ready = background.start(folder, wishes, progress.show)
    _welcome(console, folder, ready)
    console.print("`sycee down` stops it")


def _here(console: Console, folder: StateFolder, wishes: Wishes) -> None:
    welcomed = False

    with Progress(console) as progress:

        def show(changed: SuiteRecord) -> None:
            nonlocal welcomed
            progress.show(changed)
            if changed.state is record.State.READY and not welcomed:
                welcomed = True
                _welcome(console, folder, changed)
                console.print("Ctrl-C stops it")

        run_suite(folder, wishes, show)
    console.print("stopped")


def _welcome(console: Console, folder: StateFolder, ready: SuiteRecord) -> None:
    edge = ready.process("envoy").address
    console.print(f"ready after {ready.ready_s:.1f} s", style="bold green")
    console.print(f"  edge   https://{edge} (gRPC, gRPC-Web, JSON)", highlight=False, soft_wrap=True)
    console.print(f"  CA     {folder.ca}", highlight=False, soft_wrap=True)
    console.print("  token  `sycee token`, state `sycee status`, logs `sycee logs SERVICE`", highlight=False)
