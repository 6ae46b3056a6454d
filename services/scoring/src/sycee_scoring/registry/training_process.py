"""The server's side of a training: starts the process, follows it, and ends it when nobody wants it any more."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog
from sycee_service.errors import FailedPrecondition, InvalidArgument, SyceeError, Unavailable
from sycee_service.programs import Program, start

from sycee_scoring.registry.model import MAX_ARTEFACT_BYTES, MAX_CARD_BYTES, Facts, Figure
from sycee_scoring.registry.training_run import write_job
from sycee_scoring.registry.wish import MAX_STAGE_CHARACTERS, Job, Progress, Trained

log = structlog.get_logger()

COMMAND: Final = (sys.executable, "-m", "sycee_scoring.registry.training_run")
RETRY_AFTER_MS: Final = 30_000

_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""The rest of the environment holds the server's secrets and stays with it."""

_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""Also what makes sums come out the same each time."""


async def train(job: Job, command: tuple[str, ...] = COMMAND) -> AsyncGenerator[Progress | Trained, None]:
    """Yields how far it is and, last, what was trained. Closing the iterator, or cancelling, ends the process.

    Raises InvalidArgument and FailedPrecondition as the trainer did, Unavailable (TRAINING_STOPPED) where the process
    ended without a word.
    """
    with TemporaryDirectory(prefix="sycee-training-") as name:
        folder = Path(name)
        await asyncio.to_thread(write_job, folder, job)
        passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        process = await start((*command, name), passed | _ONE_THREAD)
        try:
            async for told in _told(process):
                if told is not None:
                    yield told
                else:
                    yield await asyncio.to_thread(_read_trained, folder)
                    return
        finally:
            await _end(process)
    log.error("training ended", exit_code=process.returncode)
    raise Unavailable("TRAINING_STOPPED", "the training ended before it was done", RETRY_AFTER_MS)


async def _told(process: Program) -> AsyncIterator[Progress | None]:
    """Progress and, when all is done, None. Raises what the trainer raised."""
    while line := await process.stdout.readline():
        said: dict[str, Any] = json.loads(line)
        if "refused" in said:
            raise _refusal(said["refused"])
        if "trained" in said:
            yield None
            return
        stage, done, total = said["progress"]
        yield Progress(str(stage)[:MAX_STAGE_CHARACTERS], done, total)


def _refusal(said: Mapping[str, Any]) -> SyceeError:
    if said["kind"] == "invalid":
        return InvalidArgument(said["field"], said["rule"], value=said.get("value"))
    about = {key: value for key, value in said.items() if key not in {"kind", "reason", "message"}}
    return FailedPrecondition(said["reason"], said["message"], **about)


def _read_trained(folder: Path) -> Trained:
    card = _bounded(folder / "card.json", MAX_CARD_BYTES).decode()
    facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    auc = facts["auc"]
    return Trained(
        artefact=_bounded(folder / "artefact", MAX_ARTEFACT_BYTES),
        card=json.loads(card),
        markdown=_bounded(folder / "card.md", MAX_CARD_BYTES).decode(),
        facts=Facts(facts["row_count"], facts["bad_count"], None if auc is None else Figure(**auc)),
    )


def _bounded(path: Path, most_bytes: int) -> bytes:
    """A file's content. Raises FailedPrecondition (MODEL_TOO_LARGE)."""
    size = path.stat().st_size
    if size > most_bytes:
        raise FailedPrecondition(
            "MODEL_TOO_LARGE", f"the model's {path.name} has {size} bytes, at most {most_bytes} are kept"
        )
    return path.read_bytes()


async def _end(process: Program) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
    process.stdin.close()
