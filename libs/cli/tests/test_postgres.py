"""A real PostgreSQL: its databases are apart, its settings durable, and what a crash leaves does not keep it down."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from sycee_cli.suite import postgres
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import Choices, StateFolder, open_folder
from sycee_cli.suite.plan import ACCOUNTS, PORTS
from sycee_cli.suite.ports import choose
from sycee_cli.suite.programs import postgres_program
from sycee_cli.suite.record import State, read_record
from sycee_cli.suite.supervisor import Supervisor

LIMIT_S = 25


@pytest.fixture
def folder() -> Iterator[StateFolder]:
    """Outside pytest's own folder: as root PostgreSQL has another account, and every pytest that starts shuts that
    folder against other accounts, also under the feet of one that runs."""
    with tempfile.TemporaryDirectory(prefix="sycee-") as root:
        yield open_folder(Path(root))


@pytest.fixture
def choices() -> Choices:
    return Choices(choose(PORTS), {name: f"password0of0{name}" for name in ACCOUNTS})


def ask(choices: Choices, service: str, query: str, database: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a query as a service's account."""
    name = postgres.database_name(service)
    command = [postgres_program("psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(choices.ports["postgres"]), "-U", name]
    environment = {"PGPASSWORD": choices.passwords[name]}
    return subprocess.run(
        [*command, "-d", database or name, "-c", query], env=environment, capture_output=True, text=True, check=False
    )


@asynccontextmanager
async def server(folder, choices):
    supervisor = Supervisor(folder, [postgres.postgres_spec(folder, choices)], ready_limit_s=LIMIT_S)
    task = asyncio.create_task(supervisor.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            while not task.done():
                record = read_record(folder.record_file)
                if record is not None and record.state is State.READY:
                    break
                await asyncio.sleep(0.02)
        if task.done():
            task.result()
        yield record.process("postgres").pid
    finally:
        supervisor.stop()
        await task


async def test_each_service_has_its_own_database_and_what_is_written_survives_a_crash(folder, choices):
    async with server(folder, choices) as pid:
        made = ask(choices, "limits", "create table kept (n int); insert into kept values (7); select 1")
        assert made.returncode == 0, made.stderr
        shown = [ask(choices, "limits", f"show {name}").stdout.strip() for name in ("fsync", "synchronous_commit")]
        assert shown == ["on", "on"]
        elsewhere = ask(choices, "scoring", "select 1", database="sycee_limits")
        assert "permission denied for database" in elsewhere.stderr
        wrong = ask(Choices(choices.ports, {"sycee_limits": "wrong"}), "limits", "select 1")
        assert "password authentication failed" in wrong.stderr
        if os.geteuid() == 0:
            assert psutil.Process(pid).uids().real != 0
        # A crash of everything at once: nobody is there to write a checkpoint or remove the pid file.
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGSTOP)
        pid_file = (folder.postgres / "postmaster.pid").read_text()
        for process in family:
            process.kill()
        await asyncio.sleep(0)
    # An innocent process has got the number of the old server, as happens when a container starts again.
    (folder.postgres / "postmaster.pid").write_text(pid_file.replace(str(pid), str(os.getpid()), 1))
    async with server(folder, choices):
        assert ask(choices, "limits", "select n from kept").stdout == "7\n"


async def test_a_cluster_of_another_version_is_refused(folder, choices):
    (folder.postgres / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(SuiteError, match=r"made by PostgreSQL 9\.6, the one installed is \d+"):
        await postgres.prepare_cluster(folder, choices)


async def test_half_a_cluster_is_made_again(folder, choices):
    (folder.postgres / "base").mkdir()
    (folder.postgres / "base" / "1").write_text("half")
    await postgres.prepare_cluster(folder, choices)
    assert (folder.postgres / "PG_VERSION").exists()
    assert not (folder.root / ".initdb-password").exists()
