"""One supervisor for each state folder: an flock that the kernel releases whatever becomes of its holder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FolderLock:
    """Held from `try_lock` until `release`, or until the process ends in any way. Children do not inherit it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def try_lock(self) -> bool:
        """Takes the lock; False when another process holds it. Raises OSError when the file cannot be opened."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Gives it back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
