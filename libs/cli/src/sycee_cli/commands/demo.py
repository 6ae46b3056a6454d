"""`sycee demo`: a real shop and 200 simulated merchants, decided."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from sycee_client.receipts import read_public_key

from sycee_cli.commands.options import State
from sycee_cli.demo import report
from sycee_cli.demo.story import Told, tell
from sycee_cli.progress import Progress
from sycee_cli.session import Session, open_session, run
from sycee_cli.suite import background
from sycee_cli.suite.folder import open_folder
from sycee_cli.suite.keys import log_public_key_file
from sycee_cli.suite.plan import Wishes
from sycee_cli.suite.status import is_running

WIDEST = 150
"""Columns that the table wants where the output is no terminal."""


def demo(
    state: State,
    seed: Annotated[int, typer.Option(min=0, help="Which simulated market.")] = 7,
) -> None:
    """Start the suite if need be, decide a real shop and 200 simulated merchants, verify every receipt.

    The suite is left running, so that the commands printed at the end work.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDEST)
    folder = open_folder(state)
    if not is_running(folder):
        with Progress(console) as progress:
            background.start(folder, Wishes(), progress.show)
    session = open_session(folder, subject="demo")
    told = run(_told(session, seed, console))
    report.show(console, told)
    report.show_how_to_ask_again(console, session, told)


async def _told(session: Session, seed: int, console: Console) -> Told:
    key = read_public_key(log_public_key_file(session.folder).read_bytes())
    async with session.client() as sycee:
        return await tell(sycee, session.folder, key, seed, console)
