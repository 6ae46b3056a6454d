"""What the builder refuses, and what it supervises."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import notes_pb2_grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from sycee_notes.server import ACCESS, DESCRIPTOR, NotesHandlers, Settings, add
from sycee_service.access import Allow
from sycee_service.host import Host, StartRefusedError
from sycee_service.testing import hosting, running, until

ADD = notes_pb2_grpc.add_NotesServiceServicer_to_server


def handlers() -> NotesHandlers:
    return NotesHandlers(None)  # type: ignore[arg-type]


async def build(host: Host[Settings]) -> None:
    add(host, handlers(), own_idempotency=frozenset({"WriteNote"}))


async def test_every_rpc_wants_an_entry_in_the_table_of_access() -> None:
    access = {name: allow for name, allow in ACCESS.items() if name != "ReadNote"}
    with pytest.raises(StartRefusedError, match="no entry in the table of access for ReadNote"):
        Host(Settings()).add(handlers(), ADD, DESCRIPTOR, access)


async def test_names_that_are_no_rpc_are_refused() -> None:
    with pytest.raises(StartRefusedError, match="no RPC Forget"):
        Host(Settings()).add(handlers(), ADD, DESCRIPTOR, {**ACCESS, "Forget": Allow()})
    with pytest.raises(StartRefusedError, match="no RPC Forget"):
        Host(Settings()).add(handlers(), ADD, DESCRIPTOR, ACCESS, own_validation=frozenset({"Forget"}))


async def test_an_rpc_that_is_not_implemented_is_refused() -> None:
    class Half(notes_pb2_grpc.NotesServiceServicer):
        async def ReadNote(self, request: Any, context: Any) -> Any:
            raise NotImplementedError

    with pytest.raises(StartRefusedError, match="not implemented: CountNotes, EchoNotes, WatchNote, WriteNote"):
        Host(Settings()).add(Half(), ADD, DESCRIPTOR, ACCESS)


async def test_a_request_id_without_a_memory_is_refused() -> None:
    host = Host(Settings(allow_plaintext=True))
    add(host, handlers())
    with pytest.raises(StartRefusedError, match="WriteNote has a request_id"):
        await host.start()


async def test_no_certificates_no_start() -> None:
    host = Host(Settings())
    await build(host)
    with pytest.raises(StartRefusedError, match="tls_cert, tls_key and tls_ca are needed"):
        await host.start()
    await host.drain()


async def test_a_taken_port_is_refused() -> None:
    async with hosting(Settings(), build) as first:
        second = Host(Settings(allow_plaintext=True, listen=f"127.0.0.1:{first.port}"))
        await build(second)
        with pytest.raises(StartRefusedError, match="is it taken"):
            await second.start()
        await second.drain()


async def test_a_database_and_a_bus_want_their_addresses() -> None:
    with pytest.raises(StartRefusedError, match="database_url"):
        await Host(Settings()).database("sycee_notes.migrations")
    with pytest.raises(StartRefusedError, match="nats_url"):
        await Host(Settings()).bus()


async def test_an_unreachable_database_refuses_the_start_after_its_wait() -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", database_wait_s=0.3)
    with pytest.raises(StartRefusedError, match="cannot be reached"):
        await Host(settings).database("sycee_notes.migrations")


async def test_background_tasks_start_again_and_end_with_the_server() -> None:
    runs: list[str] = []

    async def fails_then_stays() -> None:
        runs.append("began")
        if len(runs) < 3:
            raise RuntimeError("again")
        try:
            await asyncio.Event().wait()
        finally:
            runs.append("ended")

    async def built(host: Host[Settings]) -> None:
        await build(host)
        host.background("restless", fails_then_stays)

    async with hosting(Settings(), built):
        await until(lambda: runs == ["began"] * 3)
    assert runs == ["began"] * 3 + ["ended"]


async def test_closers_run_last_added_first_and_all_of_them() -> None:
    closed: list[str] = []

    def closer(name: str) -> Any:
        async def close() -> None:
            closed.append(name)
            if name == "second":
                raise RuntimeError("cannot close")

        return close

    async def built(host: Host[Settings]) -> None:
        await build(host)
        for name in ("first", "second", "third"):
            host.on_close(closer(name))

    async with hosting(Settings(), built):
        pass
    assert closed == ["third", "second", "first"]


async def test_reflection_lists_what_is_served() -> None:
    async with running(Settings(), build) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([asked]))]
        names = {service.name for service in answers[0].list_services_response.service}
        assert {"sycee.notes.v1.NotesService", "grpc.health.v1.Health"} <= names
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol="sycee.notes.v1.NotesService")
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([asked]))]
        assert answers[0].file_descriptor_response.file_descriptor_proto


async def test_an_unknown_method_is_unimplemented() -> None:
    async with running(Settings(), build) as channel:
        call = channel.unary_unary("/sycee.notes.v1.NotesService/Forget")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_drain_ends_a_task_that_swallows_its_first_cancellation(postgres_url: str) -> None:
    host = Host(Settings(database_url=postgres_url, allow_plaintext=True))
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    host.background("stubborn", stubborn)
    await host.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await host.drain()
    assert swallowed.is_set()
