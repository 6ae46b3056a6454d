"""The supervisor without a terminal: `python -m sycee_cli.suite.background FOLDER WISHES`, started by `start`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.logs import last_line, open_log
from sycee_cli.suite.plan import Wishes
from sycee_cli.suite.record import State, SuiteRecord, read_record
from sycee_cli.suite.run import AlreadyRunning, run_suite
from sycee_cli.suite.supervisor import LOG_NAME, OnChange

POLL_S = 0.1
EXIT_ALREADY_RUNNING = 3


def start(folder: StateFolder, wishes: Wishes, on_change: OnChange) -> SuiteRecord:
    """Starts a supervisor that outlives this process, and waits until all is ready.

    Raises AlreadyRunning when another has the folder, SuiteError when the suite cannot be brought up. Ctrl-C while
    waiting stops what was started.
    """
    command = [sys.executable, "-m", "sycee_cli.suite.background", str(folder.root), wishes.to_json()]
    with open_log(folder.log(LOG_NAME)) as log:
        supervisor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        return _wait_ready(folder, supervisor, on_change)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise


def _wait_ready(folder: StateFolder, supervisor: subprocess.Popen[bytes], on_change: OnChange) -> SuiteRecord:
    while supervisor.poll() is None:
        record = read_record(folder.record_file)
        if record is not None and record.supervisor_pid == supervisor.pid:
            on_change(record)
            if record.state is State.READY:
                return record
        time.sleep(POLL_S)
    if supervisor.returncode == EXIT_ALREADY_RUNNING:
        raise AlreadyRunning
    raise SuiteError(last_line(folder.log(LOG_NAME)) or f"the supervisor ended with code {supervisor.returncode}")


def main() -> None:
    """Runs until stopped by a signal. The last line that it prints says why it failed."""
    root, wishes = sys.argv[1:]
    try:
        run_suite(StateFolder(Path(root)), Wishes.from_json(wishes), lambda _: None)
    except AlreadyRunning:
        sys.exit(EXIT_ALREADY_RUNNING)
    except SuiteError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
