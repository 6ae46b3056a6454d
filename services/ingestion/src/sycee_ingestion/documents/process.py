"""Runs `worker` as a process of its own: started when first needed, killed when it hangs, started again when it died.

Pictures are read one after the other, so at most one page is in memory besides those in the database.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from sycee_service.programs import Program, start

from sycee_ingestion.documents.model import DocumentKind, Reading
from sycee_ingestion.documents.records import reading_from_json
from sycee_ingestion.documents.worker import LENGTHS, MOST_HEAD_BYTES

TIMEOUT_S = 60.0
"""Judgement: a page takes one to three seconds on a free core; a loaded machine is given twenty times that."""

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_THREADS = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


class ReaderCrashedError(Exception):
    """The process died over a picture, or an error of its own stopped it; the text says where, if that is known."""


class ReaderHungError(Exception):
    """The process took too long over a picture and was killed."""


class UnreadableError(Exception):
    """The picture cannot be read; the text is the worker's code for it."""


class DocumentReader:
    """Reads pictures in another process. `close` ends it."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, module: str = "sycee_ingestion.documents.worker") -> None:
        self._timeout_s = timeout_s
        self._command = (sys.executable, "-m", module)
        self._process: Program | None = None
        self._turn = asyncio.Lock()

    async def read(self, picture: bytes, kind: DocumentKind) -> Reading:
        """Reads a picture. Raises UnreadableError, ReaderCrashedError, ReaderHungError."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await self._ask(picture, kind)
            except TimeoutError:
                await self._kill()
                raise ReaderHungError from None
            except (asyncio.IncompleteReadError, ConnectionError, ValueError):
                await self._kill()
                raise ReaderCrashedError from None
            except BaseException:  # cancelled: what the process would answer later belongs to nobody
                await self._kill()
                raise
        if "broke" in answer:
            raise ReaderCrashedError(answer["broke"])
        if "failed" in answer:
            raise UnreadableError(answer["failed"])
        return reading_from_json(json.dumps(answer["reading"]))

    @property
    def pid(self) -> int | None:
        """The number of the process, where there is one."""
        return None if self._process is None else self._process.pid

    async def close(self) -> None:
        """Ends the process."""
        await self._kill()

    async def _ask(self, picture: bytes, kind: DocumentKind) -> dict[str, object]:
        process = await self._running()
        given, answers = process.stdin, process.stdout
        head = json.dumps({"kind": int(kind)}).encode()
        given.write(LENGTHS.pack(len(head), len(picture)) + head)
        given.write(picture)
        await given.drain()
        head_bytes, _ = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
        if head_bytes > MOST_HEAD_BYTES:
            raise ConnectionError
        answer: dict[str, object] = json.loads(await answers.readexactly(head_bytes))
        return answer

    async def _running(self) -> Program:
        """The process; a new one where it has ended, as it does by itself when there is nothing to do."""
        if self._process is not None and self._process.returncode is not None:
            await self._kill()
        if self._process is None:
            passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            self._process = await start(self._command, passed | _THREADS)
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        process.stdin.close()
