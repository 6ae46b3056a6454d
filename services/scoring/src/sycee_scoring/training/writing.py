"""Writes a trained model: artefact, card, page and plots, the same bytes for the same model."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sycee_scoring import card as pages
from sycee_scoring.domain.additive import AdditiveTable, to_text
from sycee_scoring.model_files import canonical_json, schema_sha256
from sycee_scoring.training import plots


def package(
    version: str, table: AdditiveTable, monotone: Sequence[int], facts: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Artefact and card with their digests. `facts` hold the section `serving` and what the page of the component
    shows."""
    artefact = to_text(table, monotone)
    card = {
        "version": version,
        "artefact": f"{version}.tables.json",
        "artefact_sha256": hashlib.sha256(artefact.encode()).hexdigest(),
        "schema_sha256": schema_sha256(table.features, monotone),
        "serving_sha256": hashlib.sha256(canonical_json(facts["serving"])).hexdigest(),
        **facts,
    }
    return artefact, card


def write(
    folder: Path, version: str, table: AdditiveTable, monotone: Sequence[int], facts: dict[str, Any]
) -> dict[str, Any]:
    """Writes the files of a version into `folder` and gives back its card."""
    artefact, card = package(version, table, monotone, facts)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / card["artefact"]).write_text(artefact, encoding="utf-8")
    (folder / f"{version}.json").write_text(card_text(card), encoding="utf-8")
    (folder / f"{version}.md").write_text(pages.render(card), encoding="utf-8")
    for name, drawing in plots.draw(card).items():
        (folder / f"{version}.{name}.svg").write_text(drawing, encoding="utf-8")
    return card


def card_text(card: dict[str, Any]) -> str:
    """The card as JSON, indented, with lists of figures on one line."""
    text = json.dumps(card, ensure_ascii=False, indent=1)
    return (
        _FIGURES.sub(lambda found: re.sub(r"\s+", " ", found.group()).replace("[ ", "[").replace(" ]", "]"), text)
        + "\n"
    )


_FIGURES = re.compile(r"\[[\s\d.,eE+\-nul]*\]")
