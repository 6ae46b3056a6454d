"""A session with the running suite: its address, its authority and a token, as a platform would hold them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from sycee_client import SyceeClient
from sycee_client.errors import InvalidArgument, SyceeError

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder, read_choices
from sycee_cli.suite.status import is_running
from sycee_cli.tokens import EVERY_SCOPE, mint

TOKEN_S = 3_600
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """What a caller of the edge holds."""

    folder: StateFolder
    edge: str
    ca: bytes
    token: str

    def client(self) -> SyceeClient:
        """A client of the edge; make it inside the running event loop."""
        return SyceeClient(self.edge, token=self.token, ca=self.ca)


def open_session(folder: StateFolder, subject: str = "local") -> Session:
    """A session with the suite of this folder. Raises SuiteError when it does not run."""
    choices = read_choices(folder)
    if choices is None or not is_running(folder):
        raise SuiteError(f"no suite runs in {folder.root}: start one with `sycee up`")
    edge = f"127.0.0.1:{choices.ports['edge']}"
    return Session(folder, edge, folder.ca.read_bytes(), mint(folder, EVERY_SCOPE, subject, TOKEN_S))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's calls; an error that the suite answers with is one line for the person at the keyboard."""
    try:
        return asyncio.run(work)
    except InvalidArgument as error:
        wrong = "; ".join(f"{violation.field}: {violation.description}" for violation in error.violations)
        raise SuiteError(wrong or str(error)) from error
    except SyceeError as error:
        raise SuiteError(str(error)) from error
