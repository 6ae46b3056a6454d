"""The supervisor, with real processes: order, crashes, stubbornness, taken ports, and its own death."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sycee_cli.suite import leftovers, unit
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.identity import identity_of, is_same
from sycee_cli.suite.leftovers import clear_leftovers
from sycee_cli.suite.record import ProcessRecord, State, SuiteRecord, read_record, write_record
from sycee_cli.suite.spec import NotReady
from sycee_cli.suite.supervisor import Supervisor

LIMIT_S = 15


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 (other processes set no events)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(folder, *specs) -> AsyncIterator[Callable[[], SuiteRecord]]:
    """A suite that is up; gives a function that reads its record."""
    supervisor = Supervisor(folder, specs, ready_limit_s=LIMIT_S)
    task = asyncio.create_task(supervisor.run())
    record: Callable[[], SuiteRecord] = lambda: read_record(folder.record_file)  # noqa: E731 (typed)
    try:
        await until(lambda: task.done() or (record() is not None and record().state is State.READY))
        if task.done():
            task.result()
        yield record
    finally:
        supervisor.stop()
        await asyncio.wait_for(task, LIMIT_S)


async def test_what_is_needed_comes_first_and_the_edge_goes_first(folder, sample, tmp_path):
    database = sample("database")
    service = sample("service", needs=("database",), tier=1)
    edge = sample("edge", needs=("service",), tier=2)
    async with running(folder, edge, service, database) as record:
        assert [process.name for process in record().processes] == ["edge", "service", "database"]
        assert all(process.state is State.READY and process.is_alive() for process in record().processes)
        assert record().ready_s > 0
    events = (tmp_path / "events").read_text().splitlines()
    assert events == ["up database", "up service", "up edge", "down edge", "down service", "down database"]
    assert record().state is State.STOPPED
    assert all(process.pid == 0 for process in record().processes)


async def test_a_killed_process_is_seen_and_started_again(folder, sample):
    async with running(folder, sample("one"), sample("other")) as record:
        first, other = record().process("one"), record().process("other")
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: record().process("one").restarts == 1 and record().process("one").state is State.READY)
        second = record().process("one")
        assert second.pid != first.pid
        assert second.last_exit == "killed by SIGKILL"
        assert second.ready_s == first.ready_s  # of the suite, not of the process
        assert record().process("other") == other
    assert "one restarting (killed by SIGKILL)" in folder.log("supervisor").read_text()


async def test_pauses_grow_and_are_bounded(folder, sample, monkeypatch):
    monkeypatch.setattr(unit, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(unit, "LAST_PAUSE_S", 0.05)
    pauses: list[str] = []
    supervisor = Supervisor(folder, [sample("one")], lambda record: pauses.append(record.process("one").detail))
    task = asyncio.create_task(supervisor.run())
    for number in range(4):
        await until(
            lambda seen=number: (
                (now := read_record(folder.record_file)) is not None
                and now.process("one").restarts == seen
                and now.process("one").state is State.READY
            )
        )
        os.kill(read_record(folder.record_file).process("one").pid, signal.SIGKILL)
    await until(lambda: read_record(folder.record_file).process("one").restarts == 4)
    supervisor.stop()
    await task
    assert [pause for pause in dict.fromkeys(pauses) if pause.startswith("again")] == [
        "again in 0.0 s",
        "again in 0.1 s",
    ]


async def test_a_process_that_never_serves_fails_the_start_and_its_own_words_say_why(folder, sample):
    with pytest.raises(
        SuiteError, match=r"bad ended 3 times before it served \(exit code 1\): the config.*database_url"
    ):
        async with running(folder, sample("good"), sample("bad", "crashing")):
            pass
    record = read_record(folder.record_file)
    assert record.state is State.FAILED
    assert "bad ended" in record.error
    assert record.process("good").state is State.STOPPED


async def test_a_process_that_hangs_fails_the_start_with_what_its_probe_said(folder, sample):
    supervisor = Supervisor(folder, [sample("slow", "asleep")], ready_limit_s=0.5)
    with pytest.raises(SuiteError, match=r"not ready after 0 s: slow \(no answer on port"):
        await supervisor.run()


async def test_what_goes_wrong_beside_a_process_fails_the_start(folder, sample):
    async def broken() -> None:
        raise SuiteError("the cluster was made by PostgreSQL 9")

    async def full() -> None:
        raise OSError(28, "No space left on device")

    for step, words in ((broken, "PostgreSQL 9"), (full, "one cannot be prepared: .*No space")):
        with pytest.raises(SuiteError, match=words):
            async with running(folder, sample("one", prepare=step)):
                pass
    with pytest.raises(SuiteError, match="PostgreSQL 9"):
        async with running(folder, sample("one", furnish=broken)):
            pass
    assert read_record(folder.record_file).process("one").state is State.STOPPED


async def test_a_taken_port_fails_the_start_and_names_the_holder(folder, sample):
    spec = sample("one")
    with (
        socket.create_server(("127.0.0.1", spec.ports[0])),
        pytest.raises(SuiteError, match=rf"port {spec.ports[0]} of one is taken by .*pid {os.getpid()}"),
    ):
        async with running(folder, spec):
            pass


async def test_a_program_that_is_missing_fails_the_start(folder, sample):
    with pytest.raises(SuiteError, match=r"one ended 3 times before it served.*No such file"):
        async with running(folder, sample("one", command=("/nowhere/program",))):
            pass


async def test_a_stubborn_process_is_killed_when_patience_ends(folder, sample):
    async with running(folder, sample("one", "stubborn", patience_s=0.2)) as record:
        pid = record().process("one").pid
    assert identity_of(pid) is None


async def test_a_second_stop_waits_for_nobody(folder, sample):
    supervisor = Supervisor(folder, [sample("one", "stubborn", patience_s=600)])
    task = asyncio.create_task(supervisor.run())
    await until(lambda: (now := read_record(folder.record_file)) is not None and now.state is State.READY)
    supervisor.stop()
    supervisor.stop()
    await asyncio.wait_for(task, 5)


async def test_stopping_before_all_is_ready_is_no_failure(folder, sample):
    supervisor = Supervisor(folder, [sample("slow", "asleep"), sample("later", needs=("slow",))])
    task = asyncio.create_task(supervisor.run())
    await until(lambda: (now := read_record(folder.record_file)) is not None and now.process("slow").pid > 0)
    supervisor.stop()
    await asyncio.wait_for(task, LIMIT_S)
    assert read_record(folder.record_file).state is State.STOPPED


async def test_logs_are_the_processes_own_words(folder, sample):
    async with running(folder, sample("one")):
        pass
    assert "hello from the sample" in folder.log("one").read_text()
    assert folder.log("one").stat().st_mode & 0o777 == 0o600


ALONE = """
import asyncio, sys
from functools import partial
from pathlib import Path
from sycee_cli.suite import health, ports
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.spec import ProcessSpec
from sycee_cli.suite.supervisor import Supervisor

def spec(name):
    port = ports.choose([name])[name]
    command = (sys.executable, "-I", "-S", sys.argv[2], str(port), "stubborn", name)
    return ProcessSpec(name, command, "", partial(health.http_ok, port, "/"))

asyncio.run(Supervisor(StateFolder(Path(sys.argv[1])), [spec("one"), spec("two")]).run())
"""


@contextlib.contextmanager
def supervisor_alone(folder):
    """A supervisor in a process of its own, with two processes that ignore SIGTERM."""
    script = Path(__file__).parent / "sample.py"
    process = subprocess.Popen([sys.executable, "-c", ALONE, str(folder.root), str(script)], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel stops orphans on Linux alone")
async def test_a_killed_supervisor_takes_its_processes_along(folder):
    with supervisor_alone(folder) as supervisor:
        await until(lambda: (now := read_record(folder.record_file)) is not None and now.state is State.READY)
        left = read_record(folder.record_file)
        supervisor.kill()
        supervisor.wait()
        await until(lambda: not any(process.is_alive() for process in left.processes))
    assert not left.is_supervised()
    assert clear_leftovers(folder.record_file) == []


def test_what_an_old_supervisor_left_is_cleared_and_nobody_else_is_touched(folder, monkeypatch):
    monkeypatch.setattr(leftovers, "GENTLE_S", 0.2)
    script = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
    ]
    left, innocent = (subprocess.Popen(script, stdout=subprocess.PIPE, start_new_session=True) for _ in range(2))
    try:
        for process in (left, innocent):
            process.stdout.readline()
        processes = (
            ProcessRecord("left", "", State.READY, left.pid, identity_of(left.pid)),
            ProcessRecord("reused", "", State.READY, innocent.pid, "another boot:12345"),
            ProcessRecord("gone", "", State.READY, 2**22 + 1, "another boot:1"),
        )
        write_record(folder.record_file, SuiteRecord(2**22 + 1, "x", "", processes=processes))
        assert clear_leftovers(folder.record_file) == ["left"]
        assert identity_of(left.pid) is None
        assert innocent.poll() is None
    finally:
        for process in (left, innocent):
            process.kill()
            process.wait()
            process.stdout.close()


def test_a_process_is_known_by_when_it_began():
    mine = identity_of(os.getpid())
    assert is_same(os.getpid(), mine)
    assert not is_same(os.getpid(), "")
    assert not is_same(1, mine)
    assert identity_of(2**22 + 1) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"processes": [{}]}', '{"processes": [{"state": "x"}]}'])
def test_a_record_that_cannot_be_read_says_nothing(folder, text):
    folder.record_file.write_text(text)
    assert read_record(folder.record_file) is None
    assert clear_leftovers(folder.record_file) == []


async def test_a_probe_that_is_wrong_shows_in_the_record(folder, sample):
    async def never() -> None:
        raise NotReady("the schema is behind")

    supervisor = Supervisor(folder, [sample("one", probe=never)], ready_limit_s=0.4)
    with pytest.raises(SuiteError, match=r"one \(the schema is behind\)"):
        await supervisor.run()
