"""Programs beside a server: pipes, ends, and nothing of the server's environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest
from sycee_service.programs import Program, start

ECHO = "import sys\nfor line in sys.stdin.buffer:\n    sys.stdout.buffer.write(line)\n    sys.stdout.buffer.flush()\n"


async def test_what_is_written_comes_back_and_a_closed_pipe_ends_it() -> None:
    program = await start((sys.executable, "-c", ECHO), {}, line_bytes=4_000_000)
    long = b"x" * 3_000_000 + b"\n"
    program.stdin.write(b"first\n" + long)
    await program.stdin.drain()
    assert await program.stdout.readline() == b"first\n"
    assert await program.stdout.readline() == long
    assert program.returncode is None
    program.stdin.close()
    assert await program.wait() == 0
    assert await program.stdout.read() == b""


async def test_a_killed_one_says_by_what_and_may_be_killed_again() -> None:
    program = await start((sys.executable, "-c", ECHO), {})
    os.kill(program.pid, 0)
    program.kill()
    assert await program.wait() == -signal.SIGKILL
    program.kill()
    assert program.returncode == -signal.SIGKILL
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(writing(program), 10)
    program.stdin.close()


async def writing(program: Program) -> None:
    """Until nobody reads any more."""
    while True:
        program.stdin.write(b"nobody hears this\n" * 10_000)
        await program.stdin.drain()
        await asyncio.sleep(0)


async def test_it_has_the_environment_that_it_was_given_and_a_session_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "of the server")
    look = "import os; print(os.environ.get('SECRET'), os.environ['TOLD'], os.getsid(0) == os.getpid())"
    program = await start((sys.executable, "-c", look), {"TOLD": "this"})
    assert await program.stdout.readline() == b"None this True\n"
    assert await program.wait() == 0
    program.stdin.close()


async def test_what_is_not_there_is_not_started() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        await start(("/no-such-program",), {})
