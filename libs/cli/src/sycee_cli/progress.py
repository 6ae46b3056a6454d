"""Shows how the suite comes up: a table that moves on a terminal, a line for each step elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sycee_cli.suite.record import ProcessRecord, State, SuiteRecord

_STYLES = {
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.READY: "green",
    State.RESTARTING: "red",
    State.STOPPING: "yellow",
    State.STOPPED: "dim",
    State.FAILED: "bold red",
}


class Progress:
    """Takes records as they come."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, State] = {}
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, record: SuiteRecord) -> None:
        """Shows what has changed."""
        if self._live is not None:
            self._live.update(processes_table(record), refresh=True)
            return
        for process in record.processes:
            if process.state is not self._shown.get(process.name, State.WAITING):
                self._shown[process.name] = process.state
                self._console.print(_line(process), highlight=False, markup=False, soft_wrap=True)


def processes_table(record: SuiteRecord) -> Table:
    """Every process with its state, address and the time it took to be ready."""
    table = Table(box=None, pad_edge=False)
    for column in ("process", "state", "address", "ready after"):
        table.add_column(column)
    for process in record.processes:
        state = f"[{_STYLES[process.state]}]{process.state}[/]"
        table.add_row(process.name, state, process.address, _ready(process))
    return table


def _line(process: ProcessRecord) -> str:
    said = [process.name, str(process.state)]
    if process.state is State.READY:
        said.append(f"after {_ready(process)} at {process.address}")
    elif process.state is State.RESTARTING:
        said.append(f"({process.last_exit})")
    return " ".join(said)


def _ready(process: ProcessRecord) -> str:
    return "" if process.ready_s is None else f"{process.ready_s:.1f} s"
