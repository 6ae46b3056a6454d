"""One process in the supervisor's hands: started, watched until it serves, started again when it ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sycee_cli.suite import ports
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.identity import identity_of
from sycee_cli.suite.launch import describe_exit, ended, launch
from sycee_cli.suite.logs import last_line
from sycee_cli.suite.record import ProcessRecord, State
from sycee_cli.suite.spec import NotReady, ProcessSpec

FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 10.0
STEADY_S = 30.0
"""A process that lived this long has its next pause short again."""
TRIES = 3
"""How often a process may end before it ever served: after that its configuration is wrong, not its luck."""
PROBE_EVERY_S, PROBE_LIMIT_S = 0.1, 5.0

Notify = Callable[[ProcessRecord], None]


class Unit:
    """A process, its record, and whether it has ever served (`served`)."""

    def __init__(self, spec: ProcessSpec, log: Path, began: float, notify: Notify) -> None:
        self.spec = spec
        self.served = asyncio.Event()
        self._log = log
        self._began = began
        self._notify = notify
        self._record = ProcessRecord(spec.name, spec.address)
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._pause_s = FIRST_PAUSE_S

    @property
    def record(self) -> ProcessRecord:
        """As last told."""
        return self._record

    @property
    def is_running(self) -> bool:
        """Whether there is a process to stop."""
        return self._process is not None and self._process.poll() is None

    async def keep(self, needs: list[Unit]) -> None:
        """Runs it until `end`. Raises SuiteError when it cannot be brought to serve."""
        for need in needs:
            await need.served.wait()
        failures = 0
        while not self._ending:
            begun = time.monotonic()
            how = await self._attempt()
            if self._ending:
                break
            failures += not self.served.is_set()
            if failures >= TRIES:
                raise self._hopeless(how)
            await self._pause(how, lived_s=time.monotonic() - begun)
        self._tell(state=State.STOPPED, pid=0, identity="", detail="")

    async def end(self, hurry: asyncio.Event) -> None:
        """Asks it to stop and waits, within its patience; then, or when in a hurry, kills it and its children."""
        self._ending = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._tell(state=State.STOPPING)
        process.send_signal(self.spec.stop_signal)
        over = asyncio.create_task(ended(process))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({over, hurried}, timeout=self.spec.patience_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not over.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
        await over

    async def _attempt(self) -> str:
        """Prepares and runs it once and says how it ended. Raises SuiteError when it must not be tried again."""
        try:
            await self._prepare()
        except SuiteError as error:
            if not self.served.is_set():
                raise
            return str(error)  # it served before: what is in the way may go away
        return describe_exit(await self._run_once())

    async def _prepare(self) -> None:
        try:
            if self.spec.prepare is not None:
                await self.spec.prepare()
        except OSError as error:
            raise SuiteError(f"{self.spec.name} cannot be prepared: {error}") from error
        # A leftover that shares the port would go unnoticed: gRPC servers may listen on one side by side.
        ports.require_free(self.spec.name, self.spec.ports)

    async def _run_once(self) -> int:
        self._process = process = launch(self.spec, self._log)
        self._tell(state=State.STARTING, pid=process.pid, identity=identity_of(process.pid) or "")
        watching = asyncio.create_task(self._watch())
        ending = asyncio.create_task(ended(process))
        try:
            await asyncio.wait({watching, ending}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()  # what furnishing raises ends the start
            return await ending
        finally:
            watching.cancel()
            ending.cancel()

    async def _watch(self) -> None:
        """Returns once it serves."""
        while True:
            try:
                async with asyncio.timeout(PROBE_LIMIT_S):
                    await self.spec.probe()
                break
            except (NotReady, TimeoutError) as reason:
                detail = str(reason) or "it does not answer"
                if detail != self._record.detail:
                    self._tell(detail=detail)
            await asyncio.sleep(PROBE_EVERY_S)
        if self.spec.furnish is not None and not self.served.is_set():
            await self.spec.furnish()
        first = self._record.ready_s
        self._tell(state=State.READY, detail="", ready_s=time.monotonic() - self._began if first is None else first)
        self.served.set()

    async def _pause(self, how: str, lived_s: float) -> None:
        if lived_s >= STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        self._tell(
            state=State.RESTARTING,
            pid=0,
            identity="",
            restarts=self._record.restarts + 1,
            last_exit=how,
            detail=f"again in {self._pause_s:.1f} s",
        )
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, LAST_PAUSE_S)

    def _hopeless(self, how: str) -> SuiteError:
        self._tell(state=State.FAILED, pid=0, identity="", last_exit=how, detail="")
        said = last_line(self._log)
        return SuiteError(
            f"{self.spec.name} ended {TRIES} times before it served ({how})" + (f": {said}" if said else "")
        )

    def _tell(self, **changes: object) -> None:
        self._record = replace(self._record, **changes)  # type: ignore[arg-type] # fields of the record
        self._notify(self._record)
