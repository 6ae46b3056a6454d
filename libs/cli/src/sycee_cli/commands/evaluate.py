"""`sycee eval`: how good a model or a detector is, on data that it has not seen.

What can be evaluated is whatever an installed service registers under the entry-point group `sycee.evaluations`: a
function that takes a list of arguments and returns an exit code. The command knows none of them by name.
"""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sycee_cli.suite.errors import SuiteError

GROUP = "sycee.evaluations"

SETTINGS: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "allow_interspersed_args": False},
    "add_help_option": False,  # `sycee eval NAME --help` is the evaluation's own
}


def evaluate(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME [OPTIONS]...]", help="The evaluation, and its own options.")
    ] = None,
) -> None:
    """Evaluate a model or detector; without a name, list what can be evaluated."""
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not arguments or arguments[0] in ("--help", "-h"):
        _list(known)
        return
    name, *rest = arguments
    entry = known.get(name)
    if entry is None:
        raise SuiteError(f"no evaluation {name!r}: there is {', '.join(sorted(known)) or 'none'}")
    raise typer.Exit(entry.load()(rest))


def _list(known: dict[str, EntryPoint]) -> None:
    table = Table("evaluation", "what it does", box=None, pad_edge=False)
    for name in sorted(known):
        table.add_row(name, _summary(known[name]))
    console = Console()
    console.print("usage: sycee eval NAME [OPTIONS]   (sycee eval NAME --help tells its options)\n", highlight=False)
    console.print(table)


def _summary(entry: EntryPoint) -> str:
    """The first line of the function's own documentation."""
    return (inspect.getdoc(entry.load()) or "").partition("\n")[0]
