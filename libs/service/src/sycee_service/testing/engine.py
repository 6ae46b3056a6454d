"""Starting a server program as a child that does not outlive the test run."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_POLL_S = 0.02
_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class Engine:
    """A child process, ready once `ready` says so."""

    def __init__(self, command: Sequence[str], log: Path, *, user: int | None = None, stop_with: int) -> None:
        self._command = command
        self._log = log
        self._user = user
        self._stop_with = stop_with
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; RuntimeError while it does not run."""
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    def start(self, ready: Callable[[], bool]) -> None:
        """Starts it and waits until it is ready; RuntimeError with the end of its log when it does not become so."""
        with self._log.open("ab") as log:
            self._process = self._spawn(log)
        until = time.monotonic() + READY_TIMEOUT_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(_POLL_S)

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        as_user: dict[str, Any] = {} if self._user is None else {"user": self._user, "extra_groups": []}
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self._log.parent,
            preexec_fn=_die_with_parent if _prctl is not None else None,  # noqa: PLW1509 - one call, looked up before
            **as_user,
        )

    def stop(self) -> None:
        """Stops it in order, or by force when that takes too long."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self._stop_with)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._kill(process)

    def kill(self) -> None:
        """Ends it as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            self._kill(process)

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait(STOP_TIMEOUT_S)


def _die_with_parent() -> None:
    """Has Linux end the child when the test run is killed."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
