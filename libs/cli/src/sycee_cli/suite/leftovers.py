"""What a supervisor that was killed left behind, cleared away before the next one starts."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.record import SuiteRecord, read_record

PATIENCE_S = 20.0
GENTLE_S = 3.0


def clear_leftovers(record_file: Path) -> list[str]:
    """Stops every process of the last record that still is the one it was, and names them. Raises SuiteError.

    On Linux they died with their supervisor and there are none.
    """
    record = read_record(record_file)
    if record is None:
        return []
    left = [process for process in record.processes if process.is_alive()]
    processes = [psutil.Process(process.pid) for process in left if psutil.pid_exists(process.pid)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, GENTLE_S)
    for process in alive:
        _kill_group(process)
    _, alive = psutil.wait_procs(alive, PATIENCE_S)
    if alive:
        raise SuiteError(f"left over from the last run and not to be stopped: {', '.join(str(p.pid) for p in alive)}")
    return [process.name for process in left]


def stop_supervisor(record: SuiteRecord, patience_s: float) -> bool:
    """Asks the supervisor to stop everything and waits. False when it had to be killed."""
    try:
        supervisor = psutil.Process(record.supervisor_pid)
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(patience_s)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        os.kill(record.supervisor_pid, signal.SIGKILL)
        return False
    return True


def _kill_group(process: psutil.Process) -> None:
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        os.killpg(process.pid, signal.SIGKILL)
