"""The real program, killed with SIGKILL: what it acknowledged about fraud is there, and said again as it was said."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc.aio
import pytest
from fraud_scenes import request
from sycee.scoring.v1 import fraud_pb2 as pb
from sycee.scoring.v1 import scoring_pb2_grpc
from sycee_scoring.fraud.surroundings import Kind
from sycee_scoring.settings import Settings
from sycee_service.testing import until

AS_OPERATOR = (("x-test-peer", "operator"),)
DEVICE = (Kind.DEVICE, "d")
MANY = 60


class Program:
    """`sycee-scoring` as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        assert settings.database_url is not None
        given = {
            "LISTEN": self.address,
            "ALLOW_PLAINTEXT": "true",
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "NATS_URL": settings.nats_url,
            "LOG_LEVEL": "ERROR",
        }
        self._environment = os.environ | {f"SYCEE_SCORING_{name}": str(value) for name, value in given.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from sycee_scoring.server import main; main()"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    program = Program(settings)
    try:
        yield program
    finally:
        program.kill()


async def ring_of(stub: Any, merchant_id: str) -> set[str]:
    page = await stub.GetFraudRing(
        pb.GetFraudRingRequest(merchant_id=merchant_id, page_size=500), metadata=AS_OPERATOR, timeout=5
    )
    return {member.merchant_id for member in page.members}


async def ready(program: Program) -> None:
    async def answers() -> bool:
        async with grpc.aio.insecure_channel(program.address) as channel:
            stub = scoring_pb2_grpc.ScoringServiceStub(channel)
            try:
                await stub.AssessFraud(request("probe", dry_run=True), metadata=AS_OPERATOR, timeout=1)
            except grpc.aio.AioRpcError:
                return False
            return True

    await until(answers, timeout_s=30)


async def test_kill_minus_nine_keeps_what_was_acknowledged(program: Program) -> None:
    program.start()
    await ready(program)
    acknowledged: dict[str, pb.AssessFraudResponse] = {}
    async with grpc.aio.insecure_channel(program.address) as channel:
        stub = scoring_pb2_grpc.ScoringServiceStub(channel)
        for number in range(MANY):
            if number == MANY // 2:
                program.kill()
            try:
                asked = request(f"shop-{number}", DEVICE)
                acknowledged[asked.profile.merchant_id] = await stub.AssessFraud(asked, metadata=AS_OPERATOR, timeout=5)
            except grpc.aio.AioRpcError:
                break
    assert len(acknowledged) == MANY // 2
    program.start()
    await ready(program)
    async with grpc.aio.insecure_channel(program.address) as channel:
        stub = scoring_pb2_grpc.ScoringServiceStub(channel)
        assert {"shop-0", *await ring_of(stub, "shop-0")} == set(acknowledged)
        for merchant_id, answer in acknowledged.items():
            again = await stub.AssessFraud(request(merchant_id, DEVICE), metadata=AS_OPERATOR, timeout=5)
            assert again == answer
        last = await stub.AssessFraud(request("last", DEVICE), metadata=AS_OPERATOR, timeout=5)
    assert last.assessment.linked_merchant_count == MANY // 2
