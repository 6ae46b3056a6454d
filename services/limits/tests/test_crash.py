"""The real program, killed in mid-flight: nothing acknowledged is lost or doubled, the rest can be asked again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from sycee.limits.v1 import limits_pb2 as pb
from sycee.limits.v1 import limits_pb2_grpc
from sycee_limits.store import LimitsStore
from sycee_service.clock import SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.testing import until

REQUESTS = 200


class Program:
    """`sycee-limits` as a process of its own."""

    def __init__(self, database_url: str, nats_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self._environment = {
            **os.environ,
            "SYCEE_LIMITS_LISTEN": self.address,
            "SYCEE_LIMITS_ALLOW_PLAINTEXT": "true",
            "SYCEE_LIMITS_DATABASE_URL": database_url,
            "SYCEE_LIMITS_NATS_URL": nats_url,
            "SYCEE_LIMITS_LOG_LEVEL": "ERROR",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from sycee_limits.server import main; main()"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


@pytest.fixture
def program(request: pytest.FixtureRequest, shared_nats_url: str) -> Iterator[Program]:
    program = Program(request.getfixturevalue("postgres_url"), shared_nats_url)
    try:
        yield program
    finally:
        program.kill()


def stub_of(channel: grpc.aio.Channel) -> Any:
    return limits_pb2_grpc.LimitsServiceStub(channel)


async def ready(program: Program) -> None:
    async def answers() -> bool:
        async with grpc.aio.insecure_channel(program.address) as channel:
            try:
                await stub_of(channel).ListProducts(pb.ListProductsRequest(), timeout=1, metadata=GATEWAY)
            except grpc.aio.AioRpcError:
                return False
            return True

    await until(answers, timeout_s=20)


GATEWAY = (("x-test-peer", "gateway"),)


async def test_kill_minus_nine_loses_nothing_that_was_acknowledged(
    program: Program, postgres_url: str, asks: Any
) -> None:
    program.start()
    await ready(program)
    today = SystemClock().now().date()
    requests = [
        asks.reserve(f"r{n}", merchant_id=f"m{n % 40}", requested_fen=600_000, as_of=today) for n in range(REQUESTS)
    ]
    acknowledged: dict[str, pb.ReserveResponse] = {}

    async def client(channel: grpc.aio.Channel, share: list[pb.ReserveRequest]) -> None:
        for one in share:
            try:
                answer = await stub_of(channel).Reserve(one, metadata=GATEWAY, timeout=5)
            except grpc.aio.AioRpcError:
                return
            acknowledged[one.request_id] = answer
            if len(acknowledged) == REQUESTS // 3:
                program.kill()

    async with grpc.aio.insecure_channel(program.address) as channel:
        await asyncio.gather(*(client(channel, requests[first::8]) for first in range(8)))
    assert REQUESTS // 3 <= len(acknowledged) < REQUESTS

    program.start()
    await ready(program)
    async with grpc.aio.insecure_channel(program.address) as channel:
        answers = [await stub_of(channel).Reserve(one, metadata=GATEWAY, timeout=5) for one in requests]
    for one, answer in zip(requests, answers, strict=True):
        assert acknowledged.get(one.request_id, answer) == answer
        assert answer.HasField("reservation")

    pool = await open_pool(postgres_url, 1)
    store = LimitsStore(Database(pool, "test", SystemClock()))
    try:
        assert await store.verify() == []
        assert await store.used_fen(["lender/river-bank"]) == {"lender/river-bank": 600_000 * REQUESTS}
    finally:
        await pool.close()
