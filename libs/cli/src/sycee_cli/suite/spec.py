"""What the supervisor has to know of a process."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Step = Callable[[], Awaitable[object]]


class NotReady(Exception):  # noqa: N818 (an answer, not a fault)
    """What a probe raises while the process does not serve yet; the text says why."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process of the suite.

    `probe` raises NotReady until it serves. `needs` names those that must serve before it is started. `prepare` runs
    before each start, `furnish` once when it first serves. `tier` orders the stop: higher ones end first.
    `account` is the user and group it runs as, where these differ from the supervisor's. `ports` are those it listens
    on. `distribution` is what brings its program.
    """

    name: str
    command: tuple[str, ...]
    address: str
    probe: Step
    distribution: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    ports: tuple[int, ...] = ()
    needs: tuple[str, ...] = ()
    prepare: Step | None = None
    furnish: Step | None = None
    tier: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    patience_s: float = 15
    account: tuple[int, int] | None = None
