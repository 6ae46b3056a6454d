"""Brings the suite up, keeps it up, and takes it down in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.identity import identity_of
from sycee_cli.suite.logs import append, rotate_logs
from sycee_cli.suite.record import ProcessRecord, State, SuiteRecord, write_record
from sycee_cli.suite.spec import ProcessSpec
from sycee_cli.suite.unit import Unit

READY_LIMIT_S = 120.0
ROTATE_EVERY_S = 5.0
LOG_NAME = "supervisor"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

OnChange = Callable[[SuiteRecord], None]


def _silent(_: SuiteRecord) -> None:
    """Shows nobody anything."""


class Supervisor:
    """Runs processes out of one state folder, whose lock the caller holds."""

    def __init__(
        self,
        folder: StateFolder,
        specs: Iterable[ProcessSpec],
        on_change: OnChange = _silent,
        ready_limit_s: float = READY_LIMIT_S,
    ) -> None:
        self._folder = folder
        self._on_change = on_change
        self._ready_limit_s = ready_limit_s
        self._began = time.monotonic()
        self._units = [Unit(spec, folder.log(spec.name), self._began, self._note) for spec in specs]
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._record = SuiteRecord(
            supervisor_pid=os.getpid(),
            supervisor_identity=identity_of(os.getpid()) or "",
            started_at=_now(),
            processes=tuple(unit.record for unit in self._units),
        )

    def stop(self) -> None:
        """Ends `run`; a second time it does not wait for anybody."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self) -> None:
        """Runs until `stop` or a signal. Raises SuiteError when the suite cannot be brought up; all is stopped then."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)
        self._publish()
        by_name = {unit.spec.name: unit for unit in self._units}
        keepers = [asyncio.create_task(unit.keep([by_name[need] for need in unit.spec.needs])) for unit in self._units]
        rotating = asyncio.create_task(self._rotate())
        try:
            if await self._bring_up(keepers):
                await self._first_of(keepers, self._stop.wait(), None)
        except SuiteError as error:
            self._record = replace(self._record, error=str(error))
            raise
        finally:
            rotating.cancel()
            await self._take_down(keepers)
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def _bring_up(self, keepers: list[asyncio.Task[None]]) -> bool:
        """True once all serve; False when told to stop before."""

        async def all_served() -> None:
            for unit in self._units:
                await unit.served.wait()

        both = asyncio.create_task(_either(all_served(), self._stop.wait()))
        try:
            await self._first_of(keepers, both, self._ready_limit_s)
        except TimeoutError:
            raise self._late() from None
        finally:
            both.cancel()
        if self._stop.is_set():
            return False
        self._record = replace(self._record, state=State.READY, ready_s=time.monotonic() - self._began)
        self._publish()
        return True

    async def _first_of(
        self,
        keepers: list[asyncio.Task[None]],
        awaited: Coroutine[object, object, object] | asyncio.Task[None],
        limit_s: float | None,
    ) -> None:
        """Waits for `awaited`; raises what a keeper raised before, or TimeoutError."""
        waiting = asyncio.ensure_future(awaited)
        try:
            done, _ = await asyncio.wait({waiting, *keepers}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if not done:
                raise TimeoutError
        finally:
            waiting.cancel()

    async def _take_down(self, keepers: list[asyncio.Task[None]]) -> None:
        failed = bool(self._record.error)
        self._record = replace(self._record, state=State.STOPPING)
        self._publish()
        for keeper, unit in zip(keepers, self._units, strict=True):
            if not unit.is_running:
                keeper.cancel()  # it waits for another, or to start again
        for tier in sorted({unit.spec.tier for unit in self._units}, reverse=True):
            await asyncio.gather(*(unit.end(self._hurry) for unit in self._units if unit.spec.tier == tier))
        await asyncio.gather(*keepers, return_exceptions=True)
        processes = tuple(_at_rest(unit.record) for unit in self._units)
        state = State.FAILED if failed else State.STOPPED
        self._record = replace(self._record, state=state, processes=processes)
        self._publish()

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_EVERY_S)
            with contextlib.suppress(OSError):  # a full disk must not take the suite down
                rotate_logs(self._folder.logs)

    def _late(self) -> SuiteError:
        late = [unit.record for unit in self._units if not unit.served.is_set()]
        reasons = ", ".join(f"{record.name} ({record.detail or record.state})" for record in late)
        return SuiteError(f"not ready after {self._ready_limit_s:.0f} s: {reasons}")

    def _note(self, changed: ProcessRecord) -> None:
        if changed.state is not self._record.process(changed.name).state:
            why = f" ({changed.last_exit})" if changed.state in {State.RESTARTING, State.FAILED} else ""
            self._say(f"{changed.name} {changed.state}{why}")
        self._record = self._record.with_process(changed)
        self._publish()

    def _say(self, words: str) -> None:
        line = f"{_now()} {words}\n".encode()
        with contextlib.suppress(OSError):  # a full disk must not take the suite down
            append(self._folder.log(LOG_NAME), line)

    def _publish(self) -> None:
        with contextlib.suppress(OSError):  # a full disk must not take the suite down
            write_record(self._folder.record_file, self._record)
        self._on_change(self._record)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


async def _either(*awaited: Coroutine[object, object, object]) -> None:
    """Waits for the first of them."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _at_rest(record: ProcessRecord) -> ProcessRecord:
    if record.state is State.FAILED:
        return record
    return replace(record, state=State.STOPPED, pid=0, identity="", detail="")
