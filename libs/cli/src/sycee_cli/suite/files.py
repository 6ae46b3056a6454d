"""Writing files so that a crash leaves the old one or the new one, and secrets only for their owner."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644


def write_file(path: Path, data: bytes, mode: int = PUBLIC_MODE, *, durable: bool = True) -> None:
    """Puts `data` at `path` in one step, with `mode` from the first byte on. Raises OSError.

    `durable` False saves the wait for the disk where a lost file costs nothing.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
