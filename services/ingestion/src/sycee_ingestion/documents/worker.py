"""The process that reads pictures: frames in, frames out, one at a time. `process` starts it and may kill it.

A frame is the length of its head (4 bytes, big-endian), of its body (4 bytes), the head (JSON) and the body (bytes).
A request's head has `kind`, its body is the picture; an answer's head is `{"reading": …}`, `{"failed": code}`, or
`{"broke": where}` for an error that is no picture's. The process holds no secrets and opens no files but its models:
what a broken picture may do to a decoder, it does here.
"""

from __future__ import annotations

import json
import resource
import select
import struct
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from sycee_ingestion.documents.model import DocumentKind
from sycee_ingestion.documents.ocr import TextReader
from sycee_ingestion.documents.pictures import UndecodableError
from sycee_ingestion.documents.reading import NothingReadError, read
from sycee_ingestion.documents.records import reading_to_json

LENGTHS = struct.Struct(">II")
MOST_HEAD_BYTES, MOST_BODY_BYTES = 1_000_000, 20_000_000
IDLE_S = 300.0
"""After so long without work the process ends and gives its memory back; the next page starts another."""

MEMORY_BYTES = 4 * 1024**3
"""Of address space. Measured: a page takes 0.9 GB of it, the largest picture that is let in 1.8 GB (1 GB resident)."""

UNDECODABLE, NOTHING_READ = "UNDECODABLE", "NOTHING_READ"


def main() -> None:
    """Answers frames on standard input until it ends."""
    _confine()
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints must not stand between frames
    reader: TextReader | None = None
    while True:
        ready, _, _ = select.select([given.raw if hasattr(given, "raw") else given], [], [], IDLE_S)
        request = read_frame(given) if ready else None
        if request is None:
            return
        head, picture = request
        reader = reader or TextReader()
        write_frame(answers, _answer(picture, DocumentKind(head["kind"]), reader))


def _answer(picture: bytes, kind: DocumentKind, reader: TextReader) -> dict[str, object]:
    try:
        return {"reading": json.loads(reading_to_json(read(picture, kind, reader)))}
    except UndecodableError:
        return {"failed": UNDECODABLE}
    except NothingReadError:
        return {"failed": NOTHING_READ}
    except Exception as error:  # its text may hold what stands on the page: only where it was raised is told
        last = traceback.extract_tb(error.__traceback__)[-1]
        return {"broke": f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"}


def read_frame(stream: BinaryIO) -> tuple[dict[str, int], bytes] | None:
    """The next request; None at the end of the stream. Raises ValueError for what is no frame."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_bytes, body_bytes = LENGTHS.unpack(lengths)
    if head_bytes > MOST_HEAD_BYTES or body_bytes > MOST_BODY_BYTES:
        raise ValueError("the frame is too long")
    head = json.loads(stream.read(head_bytes))
    return head, stream.read(body_bytes)


def write_frame(stream: BinaryIO, head: object, body: bytes = b"") -> None:
    """Writes a frame whole."""
    text = json.dumps(head, ensure_ascii=False).encode()
    stream.write(LENGTHS.pack(len(text), len(body)) + text + body)
    stream.flush()


def _confine() -> None:
    """Bounds memory, and keeps pictures of people out of core dumps and files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
