"""Trains the application model on the real SBA retail loans and writes artefact, card and plots.

    python -m sycee_scoring.training.application [--cache .cache/sba-loans] [--output DIR]

Deterministic: the same file, code and LightGBM give the same artefact, byte by byte. Periods are cut by the fiscal
year of approval: trained on 1990–2004, chosen on 2005, tested on 2006–2007, and apart on 2008–2010, whose outcomes
are not all in. What is shipped is what was tested; nothing is refitted afterwards.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sycee_scoring.domain.additive import AdditiveTable
from sycee_scoring.domain.application import FEATURES, FORM, MONOTONE
from sycee_scoring.model_files import APPLICATION_VERSION, MODELS
from sycee_scoring.training import sba_loans
from sycee_scoring.training.application_facts import facts
from sycee_scoring.training.application_fit import TRAIN_YEARS, fit, prepare, slope_of
from sycee_scoring.training.sba_loans import Loans
from sycee_scoring.training.writing import write


def train(loans: Loans) -> tuple[AdditiveTable, dict[str, Any]]:
    """The model and the facts of its card."""
    prepared = prepare(loans)
    fitted = fit(prepared)
    training = prepared.rows(TRAIN_YEARS) & prepared.comparable
    serving = {
        "features": list(FEATURES),
        "monotone": list(MONOTONE),
        "slope": slope_of(prepared, fitted.table),
        "goods_risk": prepared.goods_risk,
        "reference": [float(np.nanmedian(prepared.features[training, 0])), 0.0, 0.0, *([None] * len(FORM))],
    }
    return fitted.table, facts(loans, prepared, fitted, serving)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetches the loans, trains, writes artefact, card and plots."""
    parser = argparse.ArgumentParser(prog="python -m sycee_scoring.training.application", description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/sba-loans"), help="where the loans are kept")
    parser.add_argument("--output", type=Path, default=MODELS, help="where artefact and card go")
    options = parser.parse_args(arguments)
    table, known = train(sba_loans.read(sba_loans.fetch(options.cache)))
    card = write(options.output, APPLICATION_VERSION, table, MONOTONE, known)
    tests = {
        f"auc_{form}_{period}": entry["auc"]["value"]
        for form, key in (("portrait", "results"), ("form", "results_form"), ("comparable", "results_comparable"))
        for period, entry in card[key].items()
    }
    print(json.dumps({"version": APPLICATION_VERSION, "sha256": card["artefact_sha256"], **tests}))  # noqa: T201


if __name__ == "__main__":
    main()
