"""Runs the suite of one state folder in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.leftovers import clear_leftovers
from sycee_cli.suite.lock import FolderLock
from sycee_cli.suite.plan import Wishes, process_specs, settle
from sycee_cli.suite.programs import require_program
from sycee_cli.suite.supervisor import OnChange, Supervisor


class AlreadyRunning(Exception):  # noqa: N818 (an answer, not a fault)
    """Another supervisor has this state folder."""


def run_suite(folder: StateFolder, wishes: Wishes, on_change: OnChange) -> None:
    """Runs until told to stop. Raises AlreadyRunning, or SuiteError when the suite cannot be brought up."""
    with _locked(folder):
        choices = settle(folder, wishes)
        specs = process_specs(folder, choices)
        for spec in specs:
            require_program(spec)
        clear_leftovers(folder.record_file)
        asyncio.run(Supervisor(folder, specs, on_change).run())


@contextmanager
def _locked(folder: StateFolder) -> Iterator[None]:
    lock = FolderLock(folder.lock_file)
    try:
        taken = lock.try_lock()
    except OSError as error:
        raise SuiteError(f"{folder.lock_file} cannot be opened: {error.strerror}") from error
    if not taken:
        raise AlreadyRunning
    try:
        yield
    finally:
        lock.release()
