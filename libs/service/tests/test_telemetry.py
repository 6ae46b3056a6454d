"""Metrics that Prometheus reads, traces that a collector gets, logs that hold no payload."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
import structlog
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from sycee_client import calls
from sycee_notes.refusals import refused
from sycee_notes.server import NotesHandlers, Settings, add
from sycee_service import logs
from sycee_service.errors import NotFound
from sycee_service.host import Host
from sycee_service.testing import hosting, until
from sycee_service.tracing import Tracing

TRACE_ID, SPAN_ID = "0123456789abcdef0123456789abcdef", "0123456789abcdef"
SAMPLED, UNSAMPLED = f"00-{TRACE_ID}-{SPAN_ID}-01", f"00-{TRACE_ID}-{SPAN_ID}-00"
READ = notes_pb2.ReadNoteRequest(note_id="secret-id")
PATH = "/sycee.notes.v1.NotesService/ReadNote"


class Handlers(NotesHandlers):
    """ReadNote answers the traceparent that it would hand on; the note `absent` is not there."""

    def __init__(self) -> None: ...

    async def ReadNote(self, request: Any, context: Any) -> Any:
        if request.note_id == "absent":
            raise NotFound("note", request.note_id)
        return notes_pb2.ReadNoteResponse(text=calls.traceparent.get() or "")


async def build(host: Host[Settings]) -> None:
    add(host, Handlers(), own_idempotency=frozenset({"WriteNote"}))


async def read(port: int, note_id: str = "secret-id", **metadata: str) -> str:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        return str(
            (await stub.ReadNote(notes_pb2.ReadNoteRequest(note_id=note_id), metadata=tuple(metadata.items()))).text
        )


async def test_metrics_count_and_time_rpcs() -> None:
    async with hosting(Settings(metrics_listen="127.0.0.1:0"), build, peer="gateway") as host:
        await read(host.port)
        await read(host.port)
        await refused(read(host.port, "absent"))

        def scrape() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{host.metrics_port}/metrics") as answer:
                return str(answer.read().decode())

        text = await asyncio.to_thread(scrape)
    assert f'sycee_rpcs_total{{code="OK",method="{PATH}"}} 2.0' in text
    assert f'sycee_rpcs_total{{code="NOT_FOUND",method="{PATH}"}} 1.0' in text
    assert f'sycee_rpc_seconds_count{{method="{PATH}"}} 3.0' in text
    assert f'sycee_rpc_seconds_bucket{{le="+Inf",method="{PATH}"}} 3.0' in text
    assert "sycee_rpcs_in_flight 0.0" in text
    assert "process_resident_memory_bytes" in text
    assert "secret-id" not in text


async def test_a_taken_metrics_port_is_told() -> None:
    async with hosting(Settings(metrics_listen="127.0.0.1:0"), build) as host:
        with pytest.raises(OSError, match="in use"):
            async with hosting(Settings(metrics_listen=f"127.0.0.1:{host.metrics_port}"), build):
                raise AssertionError("it must not start")


async def test_a_trace_is_handed_on_or_begun() -> None:
    async with hosting(Settings(trace_sample_ratio=1), build, peer="gateway") as host:
        assert await read(host.port, traceparent=SAMPLED) == SAMPLED
        assert await read(host.port, traceparent=UNSAMPLED) == UNSAMPLED
        begun = await read(host.port)
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", begun)
        assert begun != await read(host.port)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        SAMPLED.upper(),
        SAMPLED + "-x",
    ],
)
def test_a_malformed_traceparent_counts_as_none(header: str) -> None:
    begun, span = Tracing().begin(header, "x")
    assert TRACE_ID not in begun
    assert span is None


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """A real OTLP endpoint."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[Any] = []

    async def Export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_spans:
            self.resources.append(resource.resource)
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    server, found = grpc.aio.server(), Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(found, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield found, f"http://127.0.0.1:{port}"
    await server.stop(0)


async def test_sampled_calls_become_spans_and_others_do_not(collector: tuple[Collector, str]) -> None:
    found, endpoint = collector
    async with hosting(Settings(otlp_endpoint=endpoint, trace_sample_ratio=0), build, peer="gateway") as host:
        handed_on = await read(host.port, traceparent=SAMPLED)
        assert handed_on.startswith(f"00-{TRACE_ID}-")
        assert handed_on.endswith("-01")
        assert await read(host.port, traceparent=UNSAMPLED) == UNSAMPLED
        await read(host.port)
        await refused(read(host.port, "absent", traceparent=SAMPLED))
    await until(lambda: len(found.spans) == 2)
    good, bad = found.spans
    assert {span.trace_id.hex() for span in found.spans} == {TRACE_ID}
    assert {span.parent_span_id.hex() for span in found.spans} == {SPAN_ID}
    assert handed_on.split("-")[2] == good.span_id.hex()
    assert (good.name, good.kind) == (PATH, good.SPAN_KIND_SERVER)
    codes = [
        attribute.value.int_value
        for span in (good, bad)
        for attribute in span.attributes
        if attribute.key == "rpc.grpc.status_code"
    ]
    assert codes == [0, 5]
    assert "secret-id" not in repr(found.spans) + repr(found.resources)
    assert any(attribute.value.string_value == "sycee-notes" for attribute in found.resources[0].attributes)


async def test_a_share_of_new_traces_is_sampled(collector: tuple[Collector, str]) -> None:
    found, endpoint = collector
    async with hosting(Settings(otlp_endpoint=endpoint, trace_sample_ratio=1), build, peer="gateway") as host:
        begun = await read(host.port)
    await until(lambda: len(found.spans) == 1)
    assert begun == f"00-{found.spans[0].trace_id.hex()}-{found.spans[0].span_id.hex()}-01"


async def test_ok_calls_are_logged_only_as_asked() -> None:
    for ratio, lines in ((0.0, 0), (1.0, 1)):
        with structlog.testing.capture_logs() as captured:
            async with hosting(Settings(log_ok_ratio=ratio), build, peer="gateway") as host:
                await read(host.port)
        assert len([line for line in captured if line["event"] == "rpc"]) == lines
        assert "secret-id" not in repr(captured)


async def test_errors_are_logged_without_what_was_asked() -> None:
    with structlog.testing.capture_logs() as captured:
        async with hosting(Settings(), build, peer="gateway") as host:
            await refused(read(host.port, "absent", traceparent=UNSAMPLED))
    (line,) = (line for line in captured if line["event"] == "rpc")
    assert (line["code"], line["reason"], line["trace"]) == ("NOT_FOUND", "NOTE_NOT_FOUND", TRACE_ID)
    assert line["log_level"] == "info"
    assert "absent" not in repr(line)


def test_lines_are_json_and_exceptions_lose_their_texts(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("INFO", "notes")
        try:
            raise KeyError("secret-id") from ValueError("secret-id")
        except KeyError as error:
            structlog.get_logger().warning("it failed", 中="文", **logs.describe(error))
            logging.getLogger("a.library").exception("library failed")
        structlog.get_logger().debug("too quiet")
        logging.getLogger("a.library").info("too quiet")
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
    raw = capfdbinary.readouterr().out
    first, second = (json.loads(line) for line in raw.splitlines())
    assert (first["event"], first["level"], first["service"], first["中"]) == ("it failed", "warning", "notes", "文")
    assert (first["error"], first["causes"]) == ("KeyError", ["ValueError"])
    assert (second["event"], second["logger"], second["error"]) == ("library failed", "a.library", "KeyError")
    assert b"secret-id" not in raw


async def test_errors_of_the_loop_lose_their_texts() -> None:
    with structlog.testing.capture_logs() as captured:
        logs.on_loop_error(asyncio.get_running_loop(), {"message": "a task failed", "exception": KeyError("secret-id")})
    assert (captured[0]["event"], captured[0]["error"]) == ("loop error", "KeyError")
    assert "secret-id" not in repr(captured)


def test_a_log_that_nobody_reads_breaks_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as closed:
        out = logs._Out(closed)
        assert out.write(b"lost") == 0
        out.flush()
