"""Runs a server program until it is told to stop, or until whoever started it is gone: nothing is left behind.

    python keeper.py USER_ID STOP_SIGNAL FOLDER PROGRAM ARGUMENT…

A program of its own, which imports only the standard library. A line on standard input stops the server; its end
without a line means that the test run was killed, and then FOLDER goes too. USER_ID -1 changes no user. It writes the
server's process id on its standard output and exits as the server does.
"""

from __future__ import annotations

import select
import shutil
import subprocess
import sys
from typing import Any

POLL_S = 0.05
STOP_TIMEOUT_S = 10.0


def main() -> int:
    """Starts the server and stops it when it is time."""
    user, stop_with, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    as_user: dict[str, Any] = {} if user < 0 else {"user": user, "extra_groups": []}
    server = subprocess.Popen(
        sys.argv[4:], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True, **as_user
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.close()
    orphaned = False
    while server.poll() is None:
        if select.select([sys.stdin], [], [], POLL_S)[0]:
            orphaned = sys.stdin.readline() == ""
            stop(server, stop_with)
    if orphaned:
        shutil.rmtree(folder, ignore_errors=True)
    return server.wait()


def stop(server: subprocess.Popen[bytes], stop_with: int) -> None:
    """In order, or by force when that takes too long."""
    server.send_signal(stop_with)
    try:
        server.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
