"""Runs a server program as long as its own standard input stays open: a killed test run leaves nothing behind.

    python keeper.py USER_ID STOP_SIGNAL PROGRAM ARGUMENT…

A program of its own, which imports only the standard library. It writes the server's process id on its standard
output, and exits as the server does. USER_ID -1 changes no user.
"""

from __future__ import annotations

import select
import subprocess
import sys
from typing import Any

POLL_S = 0.05
STOP_TIMEOUT_S = 10.0


def main() -> int:
    """Starts the server and stops it when standard input ends."""
    user, stop_with = int(sys.argv[1]), int(sys.argv[2])
    as_user: dict[str, Any] = {} if user < 0 else {"user": user, "extra_groups": []}
    server = subprocess.Popen(
        sys.argv[3:], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True, **as_user
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.close()
    while server.poll() is None:
        if select.select([sys.stdin], [], [], POLL_S)[0]:
            server.send_signal(stop_with)
            try:
                server.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                server.kill()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
