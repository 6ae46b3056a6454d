"""Options that many commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sycee_cli.suite.folder import default_root

State = Annotated[
    Path,
    typer.Option(
        "--state",
        metavar="DIR",
        default_factory=default_root,
        show_default="$SYCEE_HOME or ./.sycee",
        help="State folder of the suite.",
    ),
]
