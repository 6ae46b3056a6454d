"""The log on a real PostgreSQL: dense, proved, idempotent, whatever stops in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from sycee.compliance.v1 import compliance_pb2 as pb
from sycee.compliance.v1 import compliance_pb2_grpc
from sycee_client import receipts
from sycee_compliance.domain.ledger import NewLeaf
from sycee_compliance.merkle_log import MerkleLog
from sycee_compliance.signing import SigningKeyError, read_signing_key
from sycee_service.clock import SystemClock
from sycee_service.errors import ResourceExhausted, Unavailable
from sycee_service.host import StartRefusedError
from sycee_service.testing import until

from .conftest import write_key

RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}


def record(number: int, **more: object) -> bytes:
    return json.dumps({"n": number, **more}, sort_keys=True, separators=(",", ":")).encode()


def request(number: int, **changes: Any) -> pb.AppendRecordRequest:
    values = {"request_id": f"request-{number:06}", "kind": "decision", "record": record(number), **changes}
    return pb.AppendRecordRequest(**values)


async def public_key(stub: Any) -> Ed25519PublicKey:
    return receipts.read_public_key((await stub.GetTreeHead(pb.GetTreeHeadRequest())).public_key)


def check(leaf: bytes, answer: pb.AppendRecordResponse, key: Ed25519PublicKey) -> None:
    """As anyone would offline, with the client library's own code."""
    head = answer.tree_head
    receipts.verify_head(head, key)
    receipts.verify_inclusion(
        receipts.leaf_hash(leaf), answer.leaf_index, head.tree_size, answer.inclusion_path, head.root_hash
    )


async def check_whole_log(url: str, stub: Any, size: int) -> None:
    """Every leaf in the database is where it should be, once, and provable against the newest head."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("select leaf_index, record, caller, request_id from log_leaves order by leaf_index")
    await connection.close()
    assert [row["leaf_index"] for row in rows] == list(range(size))
    assert len({(row["caller"], row["request_id"]) for row in rows}) == size
    answer = await stub.GetTreeHead(pb.GetTreeHeadRequest())
    head = answer.tree_head
    assert head.tree_size == size
    receipts.verify_head(head, receipts.read_public_key(answer.public_key))
    for row in rows:
        proof = await stub.GetInclusionProof(pb.GetInclusionProofRequest(leaf_index=row["leaf_index"]))
        assert (proof.tree_size, proof.root_hash) == (size, head.root_hash)
        assert proof.leaf_hash == receipts.leaf_hash(row["record"])
        receipts.verify_inclusion(proof.leaf_hash, row["leaf_index"], size, proof.inclusion_path, head.root_hash)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in rpc_status.from_call(error).details:
        detail.Unpack(info)
    return info.reason


async def test_one_after_another(server: Any) -> None:
    key = await public_key(server.stub)
    for number in range(20):
        answer = await server.stub.AppendRecord(request(number))
        assert (answer.leaf_index, answer.tree_head.tree_size) == (number, number + 1)
        assert answer.tree_head.log_id == "sycee"
        check(record(number), answer, key)


async def test_many_at_once_share_commits(server: Any, postgres_url: str) -> None:
    key = await public_key(server.stub)
    answers = await asyncio.gather(*(server.stub.AppendRecord(request(number)) for number in range(64)))
    assert sorted(answer.leaf_index for answer in answers) == list(range(64))
    for number, answer in enumerate(answers):
        check(record(number), answer, key)
    assert len({answer.tree_head.tree_size for answer in answers}) < 64, "some commits carry several"
    await check_whole_log(postgres_url, server.stub, 64)


async def test_one_request_is_one_leaf(server: Any, postgres_url: str) -> None:
    once = await server.stub.AppendRecord(request(1))
    await server.stub.AppendRecord(request(2))
    assert await server.stub.AppendRecord(request(1)) == once, "the very same proof and head"
    operator = (("x-test-peer", "operator"),)
    other = await server.stub.AppendRecord(request(1), metadata=operator)
    assert other.leaf_index == 2, "another caller's request_id is another request"
    for reused in (request(1, record=record(7)), request(1, kind="consent")):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.stub.AppendRecord(reused)
        assert (caught.value.code(), reason_of(caught.value)) == (
            grpc.StatusCode.ALREADY_EXISTS,
            "REQUEST_ID_REUSED",
        )
    await check_whole_log(postgres_url, server.stub, 3)


async def test_one_request_many_times_at_once(server: Any, postgres_url: str) -> None:
    one = [server.stub.AppendRecord(request(1)) for _ in range(16)]
    others = [server.stub.AppendRecord(request(number)) for number in range(2, 18)]
    other = [server.stub.AppendRecord(request(1, record=record(99))) for _ in range(16)]
    answers = await asyncio.gather(*one, *others, *other, return_exceptions=True)
    assert not any(isinstance(answer, BaseException) for answer in answers[16:32])
    # Two records under one request_id: whichever came first is the leaf, for everyone who sent it and nobody else.
    sides = (answers[:16], answers[32:])
    refused, good = sorted(sides, key=lambda side: isinstance(side[0], pb.AppendRecordResponse))
    assert len({answer.SerializeToString() for answer in good}) == 1
    assert all(isinstance(error, grpc.aio.AioRpcError) for error in refused)
    assert {reason_of(error) for error in refused} == {"REQUEST_ID_REUSED"}
    await check_whole_log(postgres_url, server.stub, 17)


async def test_a_restart_forgets_nothing(start: Any, postgres_url: str) -> None:
    async with start(postgres_url) as first:
        before = await asyncio.gather(*(first.stub.AppendRecord(request(number)) for number in range(10)))
    async with start(postgres_url) as second:
        again = await asyncio.gather(*(second.stub.AppendRecord(request(number)) for number in range(12)))
        assert list(again[:10]) == list(before)
        await check_whole_log(postgres_url, second.stub, 12)


async def test_two_replicas_share_one_log(start: Any, postgres_url: str) -> None:
    async with start(postgres_url) as one, start(postgres_url) as two:
        key = await public_key(one.stub)
        # Every tenth request goes to both: whoever is second must find the first one's leaf.
        calls = [(number, server) for number in range(120) for server in ((one, two) if number % 10 == 0 else (one,))]
        calls = [(number, two if number % 2 and server is one else server) for number, server in calls]
        answers = await asyncio.gather(*(server.stub.AppendRecord(request(number)) for number, server in calls))
        places: dict[int, set[int]] = {}
        for (number, _), answer in zip(calls, answers, strict=True):
            check(record(number), answer, key)
            places.setdefault(number, set()).add(answer.leaf_index)
        assert all(len(found) == 1 for found in places.values())
        await check_whole_log(postgres_url, two.stub, 120)


async def append_until_told(stub: Any, number: int) -> pb.AppendRecordResponse:
    """Asks again with the same request_id whenever the answer is lost, as every caller should."""
    async with asyncio.timeout(20):
        while True:
            call = stub.AppendRecord(request(number), timeout=5)
            if await call.code() is grpc.StatusCode.OK:
                return await call
            assert await call.code() in RETRIED, await call.details()


async def test_lost_connections_lose_and_double_nothing(server: Any, postgres_url: str) -> None:
    key = await public_key(server.stub)
    killer = await asyncpg.connect(postgres_url)
    killed: list[int] = []
    one_at_a_time = asyncio.Lock()

    async def kill() -> None:
        async with one_at_a_time:
            rows = await killer.fetch(
                "select pid, pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        killed.extend(row["pid"] for row in rows)

    async def append_some(lane: int) -> list[tuple[int, pb.AppendRecordResponse]]:
        told = []
        for number in range(lane, 160, 8):
            told.append((number, await append_until_told(server.stub, number)))
            if number % 20 == 7:
                await kill()
        return told

    lanes = await asyncio.gather(*(append_some(lane) for lane in range(8)))
    await killer.close()
    assert len(set(killed)) >= 4
    for number, answer in (pair for lane in lanes for pair in lane):
        check(record(number), answer, key)
    await check_whole_log(postgres_url, server.stub, 160)


@asynccontextmanager
async def process(environment: dict[str, str], port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service's own command as a process."""
    command = Path(sys.executable).parent / "sycee-compliance"
    child = await asyncio.create_subprocess_exec(
        command, env={**environment, "PATH": os.environ["PATH"]}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            health = health_pb2_grpc.HealthStub(channel)

            async def serving() -> bool:
                assert child.returncode is None
                try:
                    answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
                except grpc.aio.AioRpcError:
                    return False
                return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

            await until(serving, timeout_s=30)
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_kill_in_mid_append_leaves_no_gap(postgres_url: str, shared_nats_url: str, key_file: Path) -> None:
    port = free_port()
    environment = {
        "SYCEE_COMPLIANCE_LISTEN": f"127.0.0.1:{port}",
        "SYCEE_COMPLIANCE_ALLOW_PLAINTEXT": "true",
        "SYCEE_COMPLIANCE_DATABASE_URL": postgres_url,
        "SYCEE_COMPLIANCE_NATS_URL": shared_nats_url,
        "SYCEE_COMPLIANCE_LOG_KEY_FILE": str(key_file),
    }
    told: dict[int, pb.AppendRecordResponse] = {}
    peer = (("x-test-peer", "gateway"),)

    async def hammer(stub: Any, lane: int) -> None:
        for number in range(lane, 10**6, 32):
            try:
                told[number] = await stub.AppendRecord(request(number), metadata=peer)
            except grpc.aio.AioRpcError:
                return

    async with process(environment, port) as child, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = compliance_pb2_grpc.ComplianceServiceStub(channel)
        lanes = [asyncio.create_task(hammer(stub, lane)) for lane in range(32)]
        await until(lambda: len(told) > 150, timeout_s=20)
        child.send_signal(signal.SIGKILL)
        await asyncio.gather(*lanes)
    acknowledged = dict(told)
    async with process(environment, port), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = compliance_pb2_grpc.ComplianceServiceStub(channel)
        key = receipts.read_public_key((await stub.GetTreeHead(pb.GetTreeHeadRequest(), metadata=peer)).public_key)
        # What was under way is there once or not at all; asking again settles it.
        calls = (stub.AppendRecord(request(number), metadata=peer) for number in range(max(acknowledged) + 33))
        again = await asyncio.gather(*calls)
        for number, answer in acknowledged.items():
            assert again[number] == answer
            check(record(number), answer, key)
        connection = await asyncpg.connect(postgres_url)
        indexes = [row["leaf_index"] for row in await connection.fetch("select leaf_index from log_leaves order by 1")]
        await connection.close()
        assert indexes == list(range(max(acknowledged) + 33))


async def test_proofs_of_every_leaf_in_every_tree(server: Any) -> None:
    heads = {0: (await server.stub.GetTreeHead(pb.GetTreeHeadRequest())).tree_head}
    for number in range(13):
        heads[number + 1] = (await server.stub.AppendRecord(request(number))).tree_head
    for size in range(1, 14):
        for leaf in range(size):
            proof = await server.stub.GetInclusionProof(pb.GetInclusionProofRequest(leaf_index=leaf, tree_size=size))
            assert proof.root_hash == heads[size].root_hash
            receipts.verify_inclusion(
                receipts.leaf_hash(record(leaf)), leaf, size, proof.inclusion_path, heads[size].root_hash
            )
    key = await public_key(server.stub)
    receipts.verify_head(heads[0], key)
    assert heads[0].tree_size == 0
    assert heads[0].root_hash.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


async def test_what_cannot_be_proved(server: Any) -> None:
    for number in range(3):
        await server.stub.AppendRecord(request(number))
    for leaf, size, code, reason in (
        (3, 0, grpc.StatusCode.NOT_FOUND, "LEAF_NOT_FOUND"),
        (2**64 - 1, 0, grpc.StatusCode.NOT_FOUND, "LEAF_NOT_FOUND"),
        (0, 4, grpc.StatusCode.NOT_FOUND, "TREE_NOT_FOUND"),
        (0, 2**64 - 1, grpc.StatusCode.NOT_FOUND, "TREE_NOT_FOUND"),
        (2, 2, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.stub.GetInclusionProof(pb.GetInclusionProofRequest(leaf_index=leaf, tree_size=size))
        assert (caught.value.code(), reason_of(caught.value)) == (code, reason)


async def test_a_wrong_record_is_refused_by_field(server: Any) -> None:
    for field, value in (
        ("record", b""),
        ("record", b"[]"),
        ("record", b'{"a": 1}'),
        ("record", b'{"a":1.5}'),
        ("record", b'{"a":"' + b"x" * 65_536 + b'"}'),
        ("kind", ""),
        ("kind", "Decision"),
        ("request_id", ""),
        ("request_id", "short"),
        ("request_id", "with space in it"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.stub.AppendRecord(request(1, **{field: value}))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        bad = error_details_pb2.BadRequest()
        for detail in rpc_status.from_call(caught.value).details:
            detail.Unpack(bad)
        assert [violation.field for violation in bad.field_violations] == [field]
    assert (await server.stub.GetTreeHead(pb.GetTreeHeadRequest())).tree_head.tree_size == 0


async def test_a_changed_key_signs_from_then_on(start: Any, postgres_url: str, tmp_path: Path) -> None:
    async with start(postgres_url) as old:
        before = await old.stub.AppendRecord(request(1))
        old_key = await public_key(old.stub)
    async with start(postgres_url, log_key_file=write_key(tmp_path)) as new:
        answer = await new.stub.GetTreeHead(pb.GetTreeHeadRequest())
        assert answer.tree_head.root_hash == before.tree_head.root_hash
        receipts.verify_head(answer.tree_head, receipts.read_public_key(answer.public_key))
        again = await new.stub.AppendRecord(request(1))
        assert again == before
        receipts.verify_head(again.tree_head, old_key)
        check(record(2), await new.stub.AppendRecord(request(2)), receipts.read_public_key(answer.public_key))


@pytest.mark.parametrize("content", [None, b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SigningKeyError, match=r"bad\.pem"):
        read_signing_key(file)


async def test_no_key_no_start(start: Any, postgres_url: str) -> None:
    with pytest.raises(StartRefusedError, match="SYCEE_COMPLIANCE_LOG_KEY_FILE"):
        async with start(postgres_url, log_key_file=None):
            pass


async def test_a_log_keeps_its_name(start: Any, postgres_url: str) -> None:
    async with start(postgres_url):
        pass
    with pytest.raises(StartRefusedError, match="holds log 'sycee'"):
        async with start(postgres_url, log_id="other"):
            pass


async def test_too_many_waiting_are_told_to_come_back() -> None:
    log = MerkleLog(None, None, SystemClock(), waiting_max=2, batch_max=2)  # type: ignore[arg-type] # it never runs
    leaves = [NewLeaf("gateway", f"request-{at:06}", "decision", b"{}") for at in range(3)]
    first = [asyncio.create_task(log.append(leaf)) for leaf in leaves[:2]]
    await asyncio.sleep(0)
    with pytest.raises(ResourceExhausted):
        await log.append(leaves[2])
    run = asyncio.create_task(log.run())
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    log_again = asyncio.create_task(log.run())
    await asyncio.sleep(0)
    log_again.cancel()
    results = await asyncio.gather(*first, log_again, return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results[:2]), results


async def test_without_lists_nothing_is_screened_and_the_server_is_not_ready(
    start: Any, postgres_url: str, tmp_path: Path
) -> None:
    async with start(postgres_url, screening_list=tmp_path / "absent.csv") as server:
        party = pb.Party(name="王小云", kind=pb.PARTY_KIND_PERSON)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.stub.ScreenParty(pb.ScreenPartyRequest(party=party))
        assert (caught.value.code(), reason_of(caught.value)) == (
            grpc.StatusCode.UNAVAILABLE,
            "SCREENING_LIST_MISSING",
        )
        health = await health_pb2_grpc.HealthStub(server.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING
        # The log does not wait for the lists.
        assert (await server.stub.AppendRecord(request(1))).leaf_index == 0
