"""A small complete service on the library: what its tests drive, in process and as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import notes_pb2
import notes_pb2_grpc
from sycee_service.access import Allow
from sycee_service.database import Database
from sycee_service.errors import AlreadyExists, NotFound
from sycee_service.host import Host, serve
from sycee_service.outbox import Event
from sycee_service.settings import ServiceSettings, settings_config

DESCRIPTOR = notes_pb2.DESCRIPTOR.services_by_name["NotesService"]
ACCESS = {
    "WriteNote": Allow(scope="notes.write", peers=frozenset({"gateway"})),
    "ReadNote": Allow(scope="notes.read", peers=frozenset({"gateway", "operator"})),
    "WatchNote": Allow(peers=frozenset({"gateway"})),
    "CountNotes": Allow(peers=frozenset({"gateway"})),
    "EchoNotes": Allow(peers=frozenset({"gateway"})),
}


class Settings(ServiceSettings):
    model_config = settings_config("notes")
    slow_s: float = 0.0


class NotesStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, note_id: str, text: str) -> int:
        async with self._database.transaction() as tx:
            try:
                serial = await tx.driver.fetchval(
                    "insert into notes (note_id, text) values ($1, $2) returning serial", note_id, text
                )
            except asyncpg.UniqueViolationError:
                raise AlreadyExists("NOTE_EXISTS", "there is such a note", note_id=note_id) from None
            tx.emit(Event("sycee.note.written.v1", note_id, {"note_id": note_id}))
        return serial

    async def read(self, note_id: str) -> str:
        async with self._database.reading() as tx:
            text = await tx.driver.fetchval("select text from notes where note_id = $1", note_id)
        if text is None:
            raise NotFound("note", note_id)
        return text


class NotesHandlers(notes_pb2_grpc.NotesServiceServicer):
    def __init__(self, store: NotesStore, slow_s: float = 0.0) -> None:
        self.store = store
        self.slow_s = slow_s

    async def WriteNote(self, request: Any, context: Any) -> Any:
        await asyncio.sleep(self.slow_s)
        serial = await self.store.write(request.note_id, request.text)
        return notes_pb2.WriteNoteResponse(note_id=request.note_id, serial=serial)

    async def ReadNote(self, request: Any, context: Any) -> Any:
        return notes_pb2.ReadNoteResponse(text=await self.store.read(request.note_id))

    async def WatchNote(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for _ in range(request.times):
            yield notes_pb2.WatchNoteResponse(text=await self.store.read(request.note_id))

    async def CountNotes(self, request_iterator: AsyncIterator[Any], context: Any) -> Any:
        return notes_pb2.CountNotesResponse(notes=len([request async for request in request_iterator]))

    async def EchoNotes(self, request_iterator: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in request_iterator:
            yield notes_pb2.EchoNotesResponse(text=request.text)


async def build(host: Host[Settings]) -> None:
    database = await host.database("sycee_notes.migrations")
    if host.settings.nats_url is not None:
        await host.bus()
    add(host, NotesHandlers(NotesStore(database), host.settings.slow_s))


def add(host: Host[Settings], handlers: NotesHandlers, **options: frozenset[str]) -> None:
    host.add(handlers, notes_pb2_grpc.add_NotesServiceServicer_to_server, DESCRIPTOR, ACCESS, **options)


def main() -> None:
    serve(Settings, build)


if __name__ == "__main__":
    main()
