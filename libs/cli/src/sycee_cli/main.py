"""The `sycee` command. To add one: a module in `commands` with a function of its name, and its name in COMMANDS."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from sycee_cli.suite.errors import SuiteError

COMMANDS = ("demo", "up", "down", "status", "logs", "token", "import", "decide", "score", "verify", "eval", "bench")
"""In the order in which `sycee --help` shows them."""
FUNCTIONS = {"import": ("imports", "import_file"), "eval": ("evaluate", "evaluate")}
"""Where module and function cannot have the command's name, which Python keeps for itself."""


class LazyGroup(TyperGroup):
    """Loads a command's module when the command is called: none has to pay for what the others import."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (the base's own signature)
        """Every command."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, name: str) -> Any:  # noqa: ARG002
        """The command of that name."""
        if name not in COMMANDS:
            return None
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        module, function = FUNCTIONS.get(name, (name, name))
        loaded = import_module(f"sycee_cli.commands.{module}")
        alone.command(name, **getattr(loaded, "SETTINGS", {}))(getattr(loaded, function))
        return typer.main.get_command(alone)

    def invoke(self, ctx: Any) -> object:
        """Runs the command; what the suite complains about is one line and an exit code, not a traceback."""
        try:
            return super().invoke(ctx)
        except SuiteError as error:
            print(f"sycee: {error}", file=sys.stderr)
            raise typer.Exit(1) from error


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def sycee() -> None:
    """Credit decisions for online merchants: the local suite and its tools."""
