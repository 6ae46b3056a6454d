"""One suite of real processes for all tests that cross services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.local_suite import Suite, start


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A running suite. Tests that break it leave it healthy behind them (`suite.wait_ready`)."""
    running = start(tmp_path_factory.mktemp("suite"))
    try:
        yield running
    finally:
        running.sycee("down")
