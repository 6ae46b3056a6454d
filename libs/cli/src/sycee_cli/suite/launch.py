"""Starting a process of the suite, its output into its own log."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sycee_cli.suite import child
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.logs import open_log
from sycee_cli.suite.spec import ProcessSpec

POLL_S = 0.05


def child_command(
    command: Sequence[str], death_signal: signal.Signals, account: tuple[int, int] | None
) -> tuple[str, ...]:
    """The command by way of `child.py`, which binds its life to this process."""
    user = "-" if account is None else f"{account[0]}:{account[1]}"
    return (sys.executable, "-I", "-S", child.__file__, str(os.getpid()), str(int(death_signal)), user, *command)


def launch(spec: ProcessSpec, log: Path) -> subprocess.Popen[bytes]:
    """Starts it. Raises SuiteError when it cannot be started.

    Its output is appended straight to the log, with no pipe through the supervisor that could fill up or break. It gets
    a session of its own, so that Ctrl-C reaches the supervisor alone, which stops everything in order.
    """
    try:
        with open_log(log) as output:
            return subprocess.Popen(
                child_command(spec.command, spec.death_signal, spec.account),
                cwd=spec.folder,
                env=dict(spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise SuiteError(f"{spec.name} cannot be started: {error}") from error


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Waits for its end and gives its exit code (minus the signal that ended it)."""
    if process.poll() is None and hasattr(os, "pidfd_open"):
        await _pidfd_ready(process.pid)
    while process.poll() is None:  # noqa: ASYNC110 (where the kernel has no pidfd to wait on)
        await asyncio.sleep(POLL_S)
    return int(process.returncode)


def describe_exit(code: int) -> str:
    """Such as "exit code 1" or "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


async def _pidfd_ready(pid: int) -> None:
    """Returns when the process has ended, or at once when the kernel cannot tell."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
