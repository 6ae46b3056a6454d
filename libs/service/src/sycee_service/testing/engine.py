"""Starting a server program as a child that does not outlive the test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sycee_service.testing import keeper

READY_TIMEOUT_S = 30.0
_POLL_S = 0.02
_NO_USER = -1


class Engine:
    """A server program under a keeper. The folder of its log is its own, and goes when the test run is killed."""

    def __init__(self, command: Sequence[str], log: Path, *, user: int | None = None, stop_with: int) -> None:
        who = str(_NO_USER if user is None else user)
        keeping = [keeper.__file__, who, str(int(stop_with)), str(log.parent)]
        self._program = command[0]
        self._command = [sys.executable, "-I", "-S", *keeping, *command]
        self._log = log
        self._keeper: subprocess.Popen[str] | None = None
        self.pid = 0

    def start(self, ready: Callable[[], bool]) -> None:
        """Starts it and waits until it is ready; RuntimeError with the end of its log when it does not become so."""
        with self._log.open("ab") as log:
            self._keeper = running = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._log.parent,
                text=True,
            )
        self.pid = int(_first_line(running) or 0)
        until = time.monotonic() + READY_TIMEOUT_S
        while not ready():
            if running.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{self._program} did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stops it in order, or by force when that takes too long."""
        running, self._keeper = self._keeper, None
        if running is not None and running.stdin is not None:
            with suppress(BrokenPipeError), running.stdin as orders:
                orders.write("stop\n")
            running.wait(keeper.STOP_TIMEOUT_S * 2)

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._keeper is not None and self.pid:
            os.kill(self.pid, signal.SIGKILL)
        self.stop()


def _first_line(running: subprocess.Popen[str]) -> str:
    if running.stdout is None:
        return ""
    with running.stdout as output:
        return output.readline()
