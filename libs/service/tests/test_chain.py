"""Every step of an RPC, over a real connection, without a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
import structlog
from sycee_client import calls
from sycee_notes.refusals import refused
from sycee_notes.server import NotesHandlers, Settings, add
from sycee_service import errors
from sycee_service.access import current_caller
from sycee_service.host import Host
from sycee_service.testing import running

READ = notes_pb2.ReadNoteRequest(note_id="n")
SECRET = "110101199003070011"


class Handlers(NotesHandlers):
    """Does for ReadNote whatever a test asks for."""

    def __init__(self, read: Callable[[Any, Any], Awaitable[str]]) -> None:
        self._read = read

    async def WriteNote(self, request: Any, context: Any) -> Any:
        return notes_pb2.WriteNoteResponse(note_id=request.note_id)

    async def ReadNote(self, request: Any, context: Any) -> Any:
        return notes_pb2.ReadNoteResponse(text=await self._read(request, context))

    async def WatchNote(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for _ in range(request.times):
            yield notes_pb2.WatchNoteResponse(text=await self._read(request, context))


@asynccontextmanager
async def notes(
    read: Callable[[Any, Any], Awaitable[str]],
    peer: str | None = "gateway",
    own_validation: frozenset[str] = frozenset(),
    **settings: Any,
) -> AsyncIterator[Any]:
    async def build(host: Host[Settings]) -> None:
        add(host, Handlers(read), own_idempotency=frozenset({"WriteNote"}), own_validation=own_validation)

    async with running(Settings(**settings), build, peer=peer) as channel:
        yield notes_pb2_grpc.NotesServiceStub(channel)


def raising(error: BaseException) -> Callable[[Any, Any], Awaitable[str]]:
    async def read(request: Any, context: Any) -> str:
        raise error

    return read


async def fine(request: Any, context: Any) -> str:
    return "fine"


# Errors


@pytest.mark.parametrize(
    ("error", "code", "reason", "metadata"),
    [
        (errors.NotFound("note", "n"), grpc.StatusCode.NOT_FOUND, "NOTE_NOT_FOUND", {"kind": "note", "id": "n"}),
        (errors.AlreadyExists("TAKEN", "taken", by=3), grpc.StatusCode.ALREADY_EXISTS, "TAKEN", {"by": "3"}),
        (errors.FailedPrecondition("CLOSED", "it is closed"), grpc.StatusCode.FAILED_PRECONDITION, "CLOSED", {}),
        (errors.PermissionDenied("NO", "no"), grpc.StatusCode.PERMISSION_DENIED, "NO", {}),
        (errors.Unauthenticated("WHO", "who"), grpc.StatusCode.UNAUTHENTICATED, "WHO", {}),
        (errors.Aborted("RACE", "race"), grpc.StatusCode.ABORTED, "RACE", {}),
        (errors.DeadlineExceeded("LATE", "late"), grpc.StatusCode.DEADLINE_EXCEEDED, "LATE", {}),
    ],
)
async def test_each_error_has_its_code_and_details(
    error: errors.SyceeError, code: grpc.StatusCode, reason: str, metadata: dict[str, str]
) -> None:
    async with notes(raising(error)) as stub:
        found = await refused(stub.ReadNote(READ))
        assert (found.code, found.info.reason, found.message) == (code, reason, error.message)
        assert dict(found.info.metadata) == metadata
        assert found.retry_after_ms is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Unavailable("DOWN", "down", 250), grpc.StatusCode.UNAVAILABLE),
        (errors.ResourceExhausted("FULL", "full", 250), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_what_passes_says_when_to_try_again(error: errors.RetryLater, code: grpc.StatusCode) -> None:
    async with notes(raising(error)) as stub:
        found = await refused(stub.ReadNote(READ))
        assert (found.code, found.retry_after_ms) == (code, 250)


async def test_bad_arguments_are_listed_by_field() -> None:
    many = errors.InvalidArgument.many(
        [errors.Violation("from", "must come first", 9), errors.Violation("to", "later")]
    )
    async with notes(raising(many)) as stub:
        found = await refused(stub.ReadNote(READ))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        assert found.fields == {"from": "must come first; got 9", "to": "later"}


async def test_huge_errors_still_arrive() -> None:
    many = errors.InvalidArgument.many([errors.Violation(f"字段{i}" * 50, "规则" * 500, "值" * 50) for i in range(300)])
    async with notes(raising(many)) as stub:
        found = await refused(stub.ReadNote(READ))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        assert found.fields


async def test_strangers_are_masked_and_logged_without_their_text() -> None:
    with structlog.testing.capture_logs() as logs:
        async with notes(raising(KeyError(SECRET))) as stub:
            found = await refused(stub.ReadNote(READ))
    assert (found.code, found.message, found.info.reason) == (grpc.StatusCode.INTERNAL, "internal error", "INTERNAL")
    assert found.info.metadata["correlation_id"]
    line = next(line for line in logs if line["event"] == "rpc")
    assert line["correlation_id"] == found.info.metadata["correlation_id"]
    assert (line["error"], line["code"], line["log_level"]) == ("KeyError", "INTERNAL", "error")
    assert any("test_chain.py" in frame and frame.endswith(" read") for frame in line["frames"])
    assert SECRET not in repr(logs)


async def test_an_upstream_that_is_down_is_unavailable_not_internal() -> None:
    async def read(request: Any, context: Any) -> str:
        async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
            return (await notes_pb2_grpc.NotesServiceStub(channel).ReadNote(request)).text

    async with notes(read) as stub:
        found = await refused(stub.ReadNote(READ))
        assert (found.code, found.info.reason) == (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE")


async def test_an_error_ends_a_stream_with_details() -> None:
    async def read(request: Any, context: Any) -> str:
        raise errors.NotFound("note", request.note_id)

    async with notes(read) as stub:

        async def take() -> None:
            async for _ in stub.WatchNote(notes_pb2.WatchNoteRequest(note_id="x", times=1)):
                raise AssertionError("nothing may come")

        assert (await refused(take())).info.reason == "NOTE_NOT_FOUND"


# Validation


async def test_a_request_is_held_to_its_contract() -> None:
    async with notes(fine) as stub:
        request = notes_pb2.ReadNoteRequest(note_id=SECRET * 20, page_size=501)
        request.lines.add(text="ok")
        request.lines.add(text=SECRET)
        found = await refused(stub.ReadNote(request))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        assert set(found.fields) == {"note_id", "page_size", "lines[1].text"}
        assert found.fields["page_size"].endswith("got 501")
        assert found.fields["note_id"].endswith("got 360 characters")
        assert SECRET not in found.message + repr(found.fields)


async def test_every_message_of_a_stream_is_held_to_its_contract() -> None:
    async with notes(fine) as stub:
        good, bad = notes_pb2.CountNotesRequest(text="short"), notes_pb2.CountNotesRequest(text="much too long a text")
        assert (await stub.CountNotes(iter([good, good]))).notes == 2
        found = await refused(stub.CountNotes(iter([good, bad])))
        assert found.fields.keys() == {"text"}


async def test_a_handler_may_answer_for_bad_messages_itself() -> None:
    async with notes(fine, own_validation=frozenset({"EchoNotes"})) as stub:
        bad = notes_pb2.EchoNotesRequest(text="much too long a text")
        assert [answer.text async for answer in stub.EchoNotes(iter([bad]))] == [bad.text]


# Identity


async def test_without_tls_the_peer_is_whom_the_metadata_names() -> None:
    async def read(request: Any, context: Any) -> str:
        return current_caller().key

    async with notes(read, peer=None) as stub:
        assert (await stub.ReadNote(READ, metadata=(("x-test-peer", "operator"),))).text == "operator"
        assert (await refused(stub.ReadNote(READ))).code is grpc.StatusCode.UNAUTHENTICATED
        found = await refused(stub.ReadNote(READ, metadata=(("x-test-peer", "scoring"),)))
        assert (found.code, found.info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PEER_NOT_ALLOWED")


async def test_streams_have_callers_too() -> None:
    async with notes(fine, peer="operator") as stub:

        async def take() -> list[Any]:
            return [answer async for answer in stub.WatchNote(notes_pb2.WatchNoteRequest(note_id="x", times=1))]

        assert (await refused(take())).code is grpc.StatusCode.PERMISSION_DENIED


# Deadline


async def sleeping(request: Any, context: Any) -> str:
    await asyncio.sleep(30)
    return "late"


async def test_the_server_answers_before_the_caller_gives_up() -> None:
    async with notes(sleeping, deadline_margin_ms=200) as stub:
        found = await refused(stub.ReadNote(READ, timeout=0.6))
        assert (found.code, found.info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        assert found.info.metadata["method"] == "/sycee.notes.v1.NotesService/ReadNote"
        assert 0 < int(found.info.metadata["allowed_ms"]) <= 400


async def test_a_call_without_deadline_gets_one() -> None:
    async with notes(sleeping, default_deadline_ms=50) as stub:
        assert (await refused(stub.ReadNote(READ))).info.metadata["allowed_ms"] == "50"


async def test_time_that_does_not_cover_the_margin_is_over_at_once() -> None:
    async with notes(fine, deadline_margin_ms=5_000) as stub:
        assert (await refused(stub.ReadNote(READ, timeout=1))).info.reason == "DEADLINE_EXCEEDED"


async def test_the_time_left_goes_on_to_further_calls() -> None:
    async def read(request: Any, context: Any) -> str:
        due = calls.deadline.get()
        return "none" if due is None else str(due - monotonic())

    async with notes(read, deadline_margin_ms=100) as stub:
        assert 1.0 < float((await stub.ReadNote(READ, timeout=2)).text) <= 1.95
        assert 4.0 < float((await stub.ReadNote(READ)).text) <= 5.0
        watch = notes_pb2.WatchNoteRequest(note_id="x", times=1)
        assert [answer.text async for answer in stub.WatchNote(watch)] == ["none"]
        (bounded,) = [answer.text async for answer in stub.WatchNote(watch, timeout=2)]
        assert 1.0 < float(bounded) <= 1.95


async def test_a_timeout_of_the_handlers_own_is_not_the_deadline() -> None:
    async def read(request: Any, context: Any) -> str:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(30)
        return "never"

    async with notes(read) as stub:
        assert (await refused(stub.ReadNote(READ))).code is grpc.StatusCode.INTERNAL


async def test_a_caller_that_leaves_cancels_the_handler() -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    async def read(request: Any, context: Any) -> str:
        entered.set()
        try:
            await asyncio.sleep(30)
        finally:
            left.set()
        return "never"

    async with notes(read) as stub:
        call = stub.ReadNote(READ)
        async with asyncio.timeout(5):
            await entered.wait()
            call.cancel()
            await left.wait()


# Capacity


async def test_beyond_capacity_calls_are_turned_away() -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def read(request: Any, context: Any) -> str:
        entered.set()
        await go.wait()
        return "done"

    async with notes(read, max_concurrent_rpcs=1) as stub:
        first = stub.ReadNote(READ)
        waiting = asyncio.ensure_future(first)
        async with asyncio.timeout(5):
            await entered.wait()
        found = await refused(stub.ReadNote(READ))
        assert (found.code, found.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert found.retry_after_ms == 100
        go.set()
        assert (await waiting).text == "done"
        assert (await stub.ReadNote(READ)).text == "done"
