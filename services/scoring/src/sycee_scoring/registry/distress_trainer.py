"""Trains the early warning from a lender's own daily counts, in the process that trains."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sycee_service.errors import InvalidArgument

from sycee_scoring.distress.daily_file import DailyFileError, read_daily
from sycee_scoring.distress.model_file import DISTRESS_VERSION
from sycee_scoring.model_files import canonical_json
from sycee_scoring.registry.known_loaders import distress_facts
from sycee_scoring.registry.model import sha256_hex
from sycee_scoring.registry.trainers import Tell
from sycee_scoring.registry.wish import Job, Progress, Trained
from sycee_scoring.training import distress

NAME = "distress-own"
_FIELD = "table.content"


def train(job: Job, tell: Tell) -> Trained:
    """The early warning of a job with daily counts. The same counts give the same bytes, whatever the seed.

    Raises InvalidArgument naming column, value and rule.
    """
    if job.table is None:
        raise InvalidArgument("source", "must be a table")
    tell(Progress("daily counts", 0, 2))
    with TemporaryDirectory(prefix="sycee-daily-") as name:
        path = Path(name) / "table"
        path.write_bytes(job.table.content)
        try:
            panel = read_daily(path)
            tell(Progress("learn and test", 1, 2))
            found = distress.train(panel)
        except (DailyFileError, distress.TrainingError) as error:
            raise InvalidArgument(_FIELD, str(error).replace(str(path), "the table")) from error
    tell(Progress("its card", 2, 2))
    artefact = canonical_json(found.card["serving"])
    card: dict[str, Any] = {
        **found.card,
        "version": NAME,
        "artefact": f"{NAME}.json",
        "artefact_sha256": sha256_hex(artefact),
        "data": {**found.card["data"], "description": job.table.description or "not described"},
    }
    return Trained(artefact, card, found.page.replace(DISTRESS_VERSION, NAME), distress_facts(card))
