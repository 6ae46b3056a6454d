"""Turns itself into a process of the suite that cannot outlive its supervisor.

    python -I -S child.py SUPERVISOR_PID DEATH_SIGNAL UID:GID|- COMMAND…

Why a program of its own, and no `preexec_fn`: that one runs Python between fork and exec, in a supervisor which has
gRPC's threads by then, where any lock they hold stays held for ever. Why at all: a supervisor that is killed with
SIGKILL can stop nobody any more, so Linux is asked beforehand to do it (PR_SET_PDEATHSIG). Elsewhere the next `up`
clears away what was left.

Imports nothing of the suite, so that it starts in 15 ms.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, death_signal, account, *command = sys.argv[1:]
    if account != "-":
        uid, gid = (int(number) for number in account.split(":"))
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)  # before prctl: a change of user clears the signal
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(supervisor):
        sys.exit("the supervisor went away before its process began")
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main()
