"""One suite of real processes for all tests that cross services."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.local_suite import Suite, start


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """A running suite. Tests that break it leave it healthy behind them (`suite.wait_ready`).

    Not below pytest's own folder: each pytest that starts closes that to other accounts, and PostgreSQL has its own.
    """
    with tempfile.TemporaryDirectory(prefix="sycee-suite-") as root:
        running = start(Path(root))
        try:
            yield running
        finally:
            running.sycee("down")
