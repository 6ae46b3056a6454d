"""Reads documents in the background, oldest first: what was taken in is read, whatever dies meanwhile.

A document waits until it was read or failed. Its state changes once, in one statement, after the reading: a server that
is killed in the middle leaves it waiting, and the next one reads it again. A picture that the reader dies or hangs over
fails after a few tries, so that it cannot keep the others from their turn.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from sycee_service.clock import Clock, business_day
from sycee_service.errors import Aborted, RetryLater
from sycee_service.logs import describe

from sycee_ingestion.documents.checking import compare
from sycee_ingestion.documents.model import READER_VERSION, Findings
from sycee_ingestion.documents.process import DocumentReader, ReaderCrashedError, ReaderHungError, UnreadableError
from sycee_ingestion.documents.worker import NOTHING_READ, UNDECODABLE
from sycee_ingestion.store.documents import DocumentStore, Waiting

MOST_CRASHES = 3

_WHY = {
    UNDECODABLE: "UNDECODABLE: the pixels of the picture cannot be decoded; take or export it again",
    NOTHING_READ: "NOTHING_READ: no text was found in the picture; take it nearer, in focus and in even light",
}
_CRASHED = "READER_FAILED: the picture could not be read in several tries"


class DocumentReading:
    """Works on documents one after the other. Several processes may run one each on the same database."""

    def __init__(self, documents: DocumentStore, reader: DocumentReader, clock: Clock, *, poll_s: float) -> None:
        self._documents = documents
        self._reader = reader
        self._clock = clock
        self._poll_s = poll_s
        self._came = asyncio.Event()

    def wake(self) -> None:
        """Says that a document has come."""
        self._came.set()

    async def run(self) -> None:
        """Reads whatever waits, until cancelled. Raises Unavailable when the database is away."""
        while True:
            self._came.clear()
            for document_id in await self._documents.waiting():
                async with self._documents.claim(document_id) as claimed:
                    waiting = await self._documents.open(document_id) if claimed else None
                    if waiting is not None:
                        await self._read(waiting)
            await self._pause()

    async def close(self) -> None:
        """Ends the reader's process."""
        await self._reader.close()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._came.wait()
        except TimeoutError:
            return

    async def _read(self, waiting: Waiting) -> None:
        try:
            reading = await self._reader.read(waiting.picture, waiting.kind)
        except UnreadableError as error:
            await self._fail(waiting, _WHY.get(str(error), _CRASHED))
            return
        except (ReaderCrashedError, ReaderHungError) as error:
            crashes = await self._documents.count_crash(waiting.document_id)
            self._warn(waiting, error)
            if crashes >= MOST_CRASHES:
                await self._fail(waiting, _CRASHED)
            return
        except (RetryLater, Aborted):
            raise  # the document is as it was
        now = self._clock.now()
        checks = compare(reading, waiting.kind, waiting.known, business_day(now))
        await self._documents.end_read(waiting.document_id, Findings(reading, checks), now)

    async def _fail(self, waiting: Waiting, why: str) -> None:
        now: datetime = self._clock.now()
        await self._documents.end_failed(waiting.document_id, why, READER_VERSION, now)

    def _warn(self, waiting: Waiting, error: Exception) -> None:
        structlog.get_logger().warning(
            "reader failed", document_id=waiting.document_id, at=str(error), **describe(error)
        )
