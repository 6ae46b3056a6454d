"""The service as an operator runs it: a process of its own, mTLS, signals, crashes, wrong settings."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sycee_notes.server import main
from sycee_service.testing import Authority, until
from sycee_service.testing.postgres import connect

SECRET = "private text 110101199003070011"


class Process:
    """A notes service under way, with the lines it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    async def port(self) -> int:
        await until(lambda: bool(self.logged("started")) or self.process.returncode is not None, timeout_s=30)
        return int(self.logged("started")[0]["port"])

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            code = await self.process.wait()
            await self._reading
        return code


@asynccontextmanager
async def process(python_path: str, **variables: object) -> AsyncIterator[Process]:
    environment = {f"SYCEE_NOTES_{name.upper()}": str(value) for name, value in variables.items()}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sycee_notes.server",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": python_path, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    found = Process(started)
    try:
        yield found
    finally:
        if started.returncode is None:
            started.kill()
        await found.ended()
        # asyncio on Python 3.11 leaves the transport to the collector, which warns about it.
        started._transport.close()  # type: ignore[attr-defined]


def channel_of(authority: Authority, port: int) -> grpc.aio.Channel:
    gateway = authority.issue("gateway")
    credentials = grpc.ssl_channel_credentials(
        authority.path.read_bytes(), gateway.key.read_bytes(), gateway.cert.read_bytes()
    )
    return grpc.aio.secure_channel(f"localhost:{port}", credentials)


def tls(authority: Authority) -> dict[str, object]:
    own = authority.issue("notes")
    return {"tls_cert": own.cert, "tls_key": own.key, "tls_ca": own.ca}


async def test_an_answer_survives_kill_9(postgres_url: str, python_path: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    variables = {**tls(authority), "database_url": postgres_url}
    request = notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a", text=SECRET)
    async with process(python_path, **variables) as service, channel_of(authority, await service.port()) as channel:
        first = await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(request)
        service.process.send_signal(signal.SIGKILL)
        assert await service.ended() == -signal.SIGKILL
    async with process(python_path, **variables) as service, channel_of(authority, await service.port()) as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        assert await stub.WriteNote(request) == first
        assert (await stub.ReadNote(notes_pb2.ReadNoteRequest(note_id="a"))).text == SECRET


async def test_a_drain_finishes_what_is_under_way(postgres_url: str, python_path: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    variables = {**tls(authority), "database_url": postgres_url, "slow_s": 0.6, "drain_s": 10, "log_ok_ratio": 1}
    async with process(python_path, **variables) as service:
        port = await service.port()
        async with channel_of(authority, port) as channel, channel_of(authority, port) as watching:
            health = health_pb2_grpc.HealthStub(watching)
            watch = health.Watch(health_pb2.HealthCheckRequest(service=""))
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
            stub = notes_pb2_grpc.NotesServiceStub(channel)
            call = stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a", text=SECRET))
            writing = asyncio.ensure_future(call)
            # On the same connection, so after the call above is in.
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=""))
            driver = await connect(postgres_url)
            service.process.send_signal(signal.SIGTERM)
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            assert await watch.read() == grpc.aio.EOF
            assert (await writing).note_id == "a"
            assert await service.ended() == 0
            assert await driver.fetchval("select count(*) from notes") == 1
            await driver.close()
    assert service.logged("stopped")
    assert not service.logged("task failed")
    (line,) = service.logged("rpc")
    assert (line["method"], line["code"], line["peer"]) == ("/sycee.notes.v1.NotesService/WriteNote", "OK", "gateway")
    assert (line["service"], line["level"], len(line["trace"])) == ("notes", "info", 32)
    assert SECRET not in json.dumps(service.lines)


async def test_a_drain_ends_what_takes_too_long(postgres_url: str, python_path: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    variables = {**tls(authority), "database_url": postgres_url, "slow_s": 60, "drain_s": 0.2}
    async with process(python_path, **variables) as service, channel_of(authority, await service.port()) as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        writing = asyncio.ensure_future(stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a")))
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=""))
        service.process.send_signal(signal.SIGINT)
        assert await service.ended() == 0
        assert isinstance((await asyncio.gather(writing, return_exceptions=True))[0], grpc.aio.AioRpcError)


async def test_a_second_signal_hurries(postgres_url: str, python_path: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    variables = {**tls(authority), "database_url": postgres_url, "slow_s": 60, "drain_s": 60}
    async with process(python_path, **variables) as service, channel_of(authority, await service.port()) as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        writing = asyncio.ensure_future(stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a")))
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
        await watch.read()
        service.process.send_signal(signal.SIGTERM)
        said = await watch.read()  # the drain has begun: NOT_SERVING, or the end of the stream right behind it
        assert said is grpc.aio.EOF or said.status == health_pb2.HealthCheckResponse.NOT_SERVING
        service.process.send_signal(signal.SIGTERM)
        assert await service.ended() == 0
        await asyncio.gather(writing, return_exceptions=True)


async def test_without_certificates_it_refuses(postgres_url: str, python_path: str) -> None:
    async with process(python_path, database_url=postgres_url) as service:
        assert await service.ended() == 2
        assert service.logged("refused to start")[0]["why"] == "tls_cert, tls_key and tls_ca are needed"


def test_wrong_settings_are_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SYCEE_NOTES_DATABASE_POOL_SIZE", "hunter2")
    monkeypatch.setenv("SYCEE_NOTES_LOG_LEVEL", "LOUD")
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "SYCEE_NOTES_DATABASE_POOL_SIZE:" in said
    assert "SYCEE_NOTES_LOG_LEVEL:" in said
    assert "hunter2" not in said
    assert "LOUD" not in said


async def test_a_signal_while_it_still_waits_for_the_database_stops_it(python_path: str) -> None:
    variables = {"database_url": "postgresql://nobody@127.0.0.1:1/none", "database_wait_s": 60}
    async with process(python_path, **variables) as service:
        await until(lambda: bool(service.logged("waiting for the database")), timeout_s=30)
        service.process.send_signal(signal.SIGTERM)
        assert await service.ended() == 0
