"""Imports as tests ask a running server for them."""

from __future__ import annotations

import asyncio
from hashlib import sha256

from ingestion_calls import Stub
from sycee.ingestion.v1 import ingestion_pb2


async def start(stub: Stub, path: str, mapping: str, request_id: str = "import-request") -> ingestion_pb2.Import:
    """Begins an import."""
    request = ingestion_pb2.ImportFileRequest(request_id=request_id, path=path, mapping_yaml=mapping)
    return (await stub.ImportFile(request)).file_import


async def finished(stub: Stub, import_id: str) -> list[ingestion_pb2.Import]:
    """What a watcher sees of an import, to its end."""
    async with asyncio.timeout(60):
        watch = stub.WatchImport(ingestion_pb2.WatchImportRequest(import_id=import_id))
        return [answer.file_import async for answer in watch]


async def imported(stub: Stub, path: str, mapping: str) -> ingestion_pb2.Import:
    """An import that has ended as it should."""
    request_id = f"import-{sha256(f'{path} {mapping}'.encode()).hexdigest()[:32]}"
    done = (await finished(stub, (await start(stub, path, mapping, request_id)).import_id))[-1]
    assert done.state == ingestion_pb2.Import.STATE_DONE, done.error
    assert done.done_count == done.row_count == done.accepted_count + done.duplicate_count + done.reject_count
    return done
