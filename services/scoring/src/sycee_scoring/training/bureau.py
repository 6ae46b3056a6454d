"""Trains the bureau model on real card accounts and writes artefact, card and plots.

    python -m sycee_scoring.training.bureau [--cache .cache/uci-cards] [--output DIR]

Deterministic: the same file, code and LightGBM give the same artefact, byte by byte. The figures are cross-validated;
what is shipped is fitted to all accounts in the same way.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from sycee_scoring.domain.bureau import MONOTONE
from sycee_scoring.model_files import BUREAU_VERSION, MODELS
from sycee_scoring.training import uci_cards
from sycee_scoring.training.bureau_facts import facts
from sycee_scoring.training.writing import write


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetches the card accounts, trains, writes artefact, card and plots."""
    parser = argparse.ArgumentParser(prog="python -m sycee_scoring.training.bureau", description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/uci-cards"), help="where the accounts are kept")
    parser.add_argument("--output", type=Path, default=MODELS, help="where artefact and card go")
    options = parser.parse_args(arguments)
    table, known = facts(uci_cards.read(uci_cards.fetch(options.cache)))
    card = write(options.output, BUREAU_VERSION, table, MONOTONE, known)
    aucs = {row["model"]: row["auc"]["value"] for row in card["comparison"]}
    print(json.dumps({"version": BUREAU_VERSION, "sha256": card["artefact_sha256"], "auc": aucs}))  # noqa: T201


if __name__ == "__main__":
    main()
