"""Programs that a server starts beside itself and talks to through pipes.

Not by `asyncio.create_subprocess_exec`: uvloop forks for it, which runs gRPC's own handlers in the child before it
becomes the program that was meant, and now and then they abort it (a failed check in gRPC's event engine). `subprocess`
starts programs by vfork, which runs no handlers.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

LINE_BYTES: Final = 64 * 1024


class Program:
    """A running program. `stdin` and `stdout` are its pipes; what it says on stderr is not heard."""

    def __init__(
        self, process: subprocess.Popen[bytes], stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader
    ) -> None:
        self._process = process
        self.stdin = stdin
        self.stdout = stdout

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended: its exit code, or the signal as a number below zero; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Ends it at once; nothing where it has ended."""
        self._process.kill()

    async def wait(self) -> int:
        """Waits for its end."""
        return await asyncio.to_thread(self._process.wait)


async def start(command: Sequence[str], environment: Mapping[str, str], *, line_bytes: int = LINE_BYTES) -> Program:
    """Starts a program in a session of its own with this environment and no other; lines of its output may have up to
    `line_bytes`. Raises OSError where it cannot be started."""
    loop = asyncio.get_running_loop()
    process = await asyncio.to_thread(_spawn, command, environment)
    output = asyncio.StreamReader(limit=line_bytes)
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), process.stdout)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), process.stdin
        )
    except BaseException:
        process.kill()
        raise
    return Program(process, asyncio.StreamWriter(transport, protocol, None, loop), output)


def _spawn(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        start_new_session=True,
        bufsize=0,
    )
