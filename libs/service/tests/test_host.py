"""Database, bus-less: one note written end to end."""

from __future__ import annotations

import notes_pb2
import notes_pb2_grpc
from sycee_notes.server import Settings, build
from sycee_service.testing import running


async def test_writes_and_reads(postgres_url: str) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        answer = await stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a", text="hello"))
        assert answer.note_id == "a"
        assert (await stub.ReadNote(notes_pb2.ReadNoteRequest(note_id="a"))).text == "hello"
        seen = [x.text async for x in stub.WatchNote(notes_pb2.WatchNoteRequest(note_id="a", times=3))]
        assert seen == ["hello"] * 3
