"""`sycee logs`: what a process said."""

from __future__ import annotations

import contextlib
import time
from typing import Annotated

import typer

from sycee_cli.commands.options import State
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import find_folder
from sycee_cli.suite.logs import Follower, last_lines

POLL_S = 0.2


def logs(
    state: State,
    service: Annotated[str, typer.Argument(help="postgres, nats, envoy, access, supervisor or a service.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show the log of one process."""
    folder = find_folder(state)
    log = folder.log(service)
    known = sorted(path.stem for path in folder.logs.glob("*.log"))
    if service not in known:
        raise SuiteError(f"there is no log of {service}: there are {', '.join(known) or 'none yet'}")
    follower = Follower(log)
    for line in last_lines(log, lines):
        print(line)
    if not follow:
        return
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            for line in follower.new_lines():
                print(line, flush=True)
            time.sleep(POLL_S)
