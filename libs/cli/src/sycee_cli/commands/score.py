"""`sycee score`: whole books from a file, by the models that come with the scoring service.

The command knows nothing of scoring: it runs `python -m sycee_scoring.batch` with the arguments that it was given, so
that this package imports no service.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from sycee_cli.suite.errors import SuiteError

PROGRAM = "sycee_scoring.batch"

SETTINGS: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "allow_interspersed_args": False},
    "add_help_option": False,  # `sycee score --help` is the program's own
}


def score(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="--portfolio FILE [OPTIONS]...", help="The program's own options.")
    ] = None,
) -> None:
    """Score a whole book of merchants from a file."""
    if find_spec(PROGRAM.partition(".")[0]) is None:
        raise SuiteError("sycee-scoring is not installed in this environment (`make setup`)")
    try:
        ended = subprocess.run([sys.executable, "-m", PROGRAM, *(arguments or ["--help"])], check=False)
    except KeyboardInterrupt:  # the program got it too, and has said so
        raise typer.Exit(130) from None
    raise typer.Exit(ended.returncode)
