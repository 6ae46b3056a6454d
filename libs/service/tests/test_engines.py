"""The engines for tests: they start again with their data, and leave nothing behind, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from sycee_service.testing import Nats, Postgres, until
from sycee_service.testing.engine import Engine
from sycee_service.testing.postgres import connect


async def test_postgres_keeps_its_data_over_a_crash() -> None:
    server = Postgres()
    try:
        server.start()
        url = server.fresh_database()
        driver = await connect(url)
        await driver.execute("create table kept as select 7 as n")
        await driver.close()
        server._engine.kill()
        server.start()
        driver = await connect(url)
        assert await driver.fetchval("select n from kept") == 7
        await driver.close()
    finally:
        server.remove()
    assert not server.folder.exists()


def test_nats_comes_back_on_its_port() -> None:
    server = Nats()
    try:
        server.start()
        url = server.url
        server.stop()
        server.start()
        assert server.url == url
    finally:
        server.remove()
    assert not server.folder.exists()


def test_a_program_that_does_not_start_says_why(tmp_path: Path) -> None:
    engine = Engine(
        [sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path / "log", stop_with=signal.SIGTERM
    )
    with pytest.raises(RuntimeError, match="no such luck"):
        engine.start(lambda: False)


async def test_a_killed_test_run_leaves_nothing_behind() -> None:
    code = "from sycee_service.testing import Nats; n = Nats(); n.start(); print(n.folder, flush=True); input()"
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert run.stdout is not None
    folder = Path((await run.stdout.readline()).decode().strip())
    (server,) = (
        process
        for process in psutil.process_iter()
        if process.name() == "nats-server" and str(folder / "store") in process.cmdline()
    )
    os.kill(run.pid, signal.SIGKILL)
    await run.wait()
    await until(lambda: not folder.exists() and not server.is_running())
    run._transport.close()  # type: ignore[attr-defined] # asyncio on Python 3.11 leaves it to the collector, which warns
