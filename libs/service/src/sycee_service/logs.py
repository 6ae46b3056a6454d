"""Logs as one JSON object a line on stdout, without payloads and without the texts of exceptions.

An exception's text may quote what a caller sent, so only its type and the frames of its traceback are written.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import traceback
from contextlib import suppress
from typing import Any, BinaryIO, cast

import structlog

MAX_FRAMES = 30
MAX_CAUSES = 5


def configure(level: str, service: str) -> None:
    """Sends structlog and the standard library's loggers to stdout, from `level` up."""
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _naming(service),
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Out(sys.stdout.buffer))),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Handler()]
    # Libraries talk at INFO of what our own lines say better.
    root.setLevel(max(threshold, logging.WARNING))


def describe(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: its type, those of its causes, and where it came from."""
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < MAX_CAUSES:
        causes.append(_type_name(cause))
        cause = cause.__cause__ or cause.__context__
    found: dict[str, Any] = {"error": _type_name(error), "frames": _frames(error)}
    if causes:
        found["causes"] = causes
    return found


def on_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An event-loop exception handler that keeps values out of the log."""
    error = context.get("exception")
    about = {} if error is None else describe(error)
    structlog.get_logger().error("loop error", detail=str(context.get("message", ""))[:200], **about)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _to_json(value: Any, **_: Any) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":")).encode()


def _naming(service: str) -> structlog.types.Processor:
    def add_service(_logger: Any, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["service"] = service
        return event

    return add_service


class _Out:
    """Where lines go. That nobody reads them any more must not break an RPC."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> int:
        """Writes what can be written."""
        with suppress(OSError, ValueError):
            return self._file.write(line)
        return 0

    def flush(self) -> None:
        """Sends it on."""
        with suppress(OSError, ValueError):
            self._file.flush()


class _Handler(logging.Handler):
    """Hands records of the standard library to structlog, exceptions described."""

    def emit(self, record: logging.LogRecord) -> None:
        about = describe(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        log = structlog.get_logger()
        log.log(max(record.levelno, logging.DEBUG), record.getMessage()[:500], logger=record.name, **about)
