"""`sycee token`: a token for the edge."""

from __future__ import annotations

from typing import Annotated

import typer

from sycee_cli.commands.options import State
from sycee_cli.suite.folder import find_folder
from sycee_cli.tokens import EVERY_SCOPE, MAX_TTL_S, mint


def token(
    state: State,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"Once for each, or several in one; every one by default: {', '.join(EVERY_SCOPE)}."),
    ] = None,
    subject: Annotated[str, typer.Option(help="Who calls.")] = "local",
    ttl: Annotated[int, typer.Option(metavar="SECONDS", max=MAX_TTL_S, help="How long it lasts.")] = 3_600,
) -> None:
    """Print a bearer token signed with the suite's own key."""
    scopes = [word for said in scope for word in said.split()] if scope else EVERY_SCOPE
    print(mint(find_folder(state), scopes, subject, ttl))
