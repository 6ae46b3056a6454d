"""State folders, and processes small enough to be started by the dozen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sycee_cli.suite import health, ports
from sycee_cli.suite.folder import StateFolder, open_folder
from sycee_cli.suite.spec import ProcessSpec

SAMPLE = Path(__file__).parent / "sample.py"
MakeSpec = Callable[..., ProcessSpec]


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return open_folder(tmp_path / "state")


@pytest.fixture
def sample(tmp_path: Path) -> MakeSpec:
    """Makes the spec of a sample process; what it does when is noted in `events` of the test's folder."""

    def make(name: str, manner: str = "quick", **changes: object) -> ProcessSpec:
        port = ports.choose([name])[name]
        events = tmp_path / "events"
        events.touch()
        settings: dict[str, object] = {
            "name": name,
            "command": (sys.executable, "-I", "-S", str(SAMPLE), str(port), manner, name, str(events)),
            "address": f"{ports.HOST}:{port}",
            "probe": partial(health.http_ok, port, "/"),
            "ports": (port,),
            "patience_s": 5,
        }
        return ProcessSpec(**(settings | changes))  # type: ignore[arg-type]

    return make
