"""`sycee down`: the suite, stopped in order."""

from __future__ import annotations

import time

from sycee_cli.commands.options import State
from sycee_cli.suite.folder import find_folder
from sycee_cli.suite.leftovers import clear_leftovers, stop_supervisor
from sycee_cli.suite.record import read_record

PATIENCE_S = 90.0
"""Longer than the patience of all processes together."""


def down(state: State) -> None:
    """Stop the suite: the edge first, the services next, the engines last. Nothing acknowledged is lost."""
    folder = find_folder(state)
    record = read_record(folder.record_file)
    begun = time.monotonic()
    if record is not None and record.is_supervised():
        in_order = stop_supervisor(record, PATIENCE_S)
        print(f"stopped after {time.monotonic() - begun:.1f} s" + ("" if in_order else ", by force"))
    elif left := clear_leftovers(folder.record_file):
        print(f"was not supervised any more; stopped what was left: {', '.join(left)}")
    else:
        print("not running")
