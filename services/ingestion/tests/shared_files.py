"""Files of the data folder beside the repository, which no fresh machine has: tests that want them skip, saying so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SYCEE_SHARED_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")


def shared_file(name: str) -> Path:
    """A file of the folder; skips the test without it."""
    found = ROOT / name
    if not found.exists():
        pytest.skip(f"there is no {found}: SYCEE_SHARED_DATA names the folder that holds it")
    return found
