"""What a supervisor that was killed left behind, cleared away before the next one starts."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.record import ProcessRecord, SuiteRecord, read_record

GENTLE_S = 3.0
FINAL_S = 20.0
POLL_S = 0.02


def clear_leftovers(record_file: Path) -> list[str]:
    """Stops every process of the last record that still is the one it was, and names them. Raises SuiteError.

    On Linux they died with their supervisor and there are none.
    """
    record = read_record(record_file)
    left = [] if record is None else [process for process in record.processes if process.is_alive()]
    for process in left:
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            fast = psutil.Process(process.pid).name() == "postgres"
            os.kill(process.pid, signal.SIGINT if fast else signal.SIGTERM)
    for process in _alive_after(left, GENTLE_S):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # each leads a group of its own
    stuck = _alive_after(left, FINAL_S)
    if stuck:
        names = ", ".join(f"{process.name} (pid {process.pid})" for process in stuck)
        raise SuiteError(f"left over from the last run and not to be stopped: {names}")
    return [process.name for process in left]


def stop_supervisor(record: SuiteRecord, patience_s: float) -> bool:
    """Asks the supervisor to stop everything and waits. False when it had to be killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.supervisor_pid, signal.SIGTERM)
    until = time.monotonic() + patience_s
    while record.is_supervised():
        if time.monotonic() >= until:
            os.kill(record.supervisor_pid, signal.SIGKILL)
            return False
        time.sleep(POLL_S)
    return True


def _alive_after(processes: Sequence[ProcessRecord], limit_s: float) -> list[ProcessRecord]:
    """Those that still run after at most `limit_s`. One whose remains nobody has collected yet has ended."""
    until = time.monotonic() + limit_s
    alive = [process for process in processes if process.is_alive()]
    while alive and time.monotonic() < until:
        time.sleep(POLL_S)
        alive = [process for process in alive if process.is_alive()]
    return alive
