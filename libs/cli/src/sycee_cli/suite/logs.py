"""The processes' logs: bounded, and read from their end."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 16 * 1024 * 1024
"""Of one log; the part before it is kept beside it, so that a process takes about twice this."""
TAIL_BYTES = 64 * 1024


def rotate_logs(folder: Path, max_bytes: int = MAX_BYTES) -> None:
    """Moves every log that has grown too long aside. Raises OSError.

    Copied and cut, not renamed: the process goes on writing to the file it has open. A line written between the two
    steps is lost, which is the price of having no pipe between a process and its log.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > max_bytes:
            shutil.copyfile(log, previous(log))
            previous(log).chmod(0o600)
            os.truncate(log, 0)


def append(log: Path, data: bytes) -> None:
    """Adds to a log, readable by its owner alone. Raises OSError."""
    with open_log(log) as file:
        file.write(data)


def open_log(log: Path) -> BinaryIO:
    """A log, to be appended to whatever else is done to it. Raises OSError."""
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def previous(log: Path) -> Path:
    """Where the older part of a log is."""
    return log.with_suffix(".log.1")


def last_lines(log: Path, count: int) -> list[str]:
    """The last lines of a log, its older part included."""
    lines: deque[str] = deque(maxlen=count)
    for part in (previous(log), log):
        if part.exists():
            with part.open(encoding="utf-8", errors="replace") as text:
                lines.extend(line.rstrip("\n") for line in text)
    return list(lines)


def last_line(log: Path) -> str:
    """The last line that is not empty, cut to a readable length; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


class Follower:
    """Gives what is added to a log, also after it was cut."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0
        self._rest = ""

    def new_lines(self) -> Iterator[str]:
        """Whole lines written since the last call."""
        if not self._log.exists():
            return
        size = self._log.stat().st_size
        if size < self._position:
            self._position, self._rest = 0, ""
        if size == self._position:
            return
        with self._log.open("rb") as file:
            file.seek(self._position)
            added = file.read(size - self._position)
        self._position = size
        *lines, self._rest = (self._rest + added.decode(errors="replace")).split("\n")
        yield from lines
