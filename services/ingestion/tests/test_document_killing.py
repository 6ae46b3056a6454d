"""The real program, killed with SIGKILL after it took a document in and before it could have read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from random import Random

import grpc
import pytest
from document_calls import READ, parts, read_document, values
from ingestion_calls import Stub, register
from licence_drawings import invented_licence, jpeg, landscape_licence
from sycee.ingestion.v1 import ingestion_pb2_grpc
from sycee_ingestion.settings import Settings
from test_killing import AS_OPERATOR, AsOperator, Program, ready


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    program = Program(settings)
    try:
        yield program
    finally:
        program.kill()


@pytest.fixture
async def operator(program: Program) -> AsyncIterator[Stub]:
    async with grpc.aio.insecure_channel(
        program.address, interceptors=[AsOperator()], options=[("grpc.max_reconnect_backoff_ms", 100)]
    ) as channel:
        yield ingestion_pb2_grpc.IngestionServiceStub(channel)


async def test_what_was_taken_in_is_read_after_a_kill(program: Program, operator: Stub) -> None:
    licence = invented_licence(Random(41))
    data = jpeg(landscape_licence(licence).picture, 85)
    program.start()
    await ready(operator)
    await register(operator)
    taken = (await operator.UploadDocument(parts(data), metadata=AS_OPERATOR)).document
    program.kill()
    program.start()
    await ready(operator)
    read = await read_document(operator, taken.document_id)
    assert (read.state, values(read)["uscc"]) == (READ, licence.code)
    again = (await operator.UploadDocument(parts(data), metadata=AS_OPERATOR)).document
    assert again.document_id == taken.document_id
