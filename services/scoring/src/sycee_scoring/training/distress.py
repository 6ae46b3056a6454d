"""Trains the early-warning model on a file of daily counts and writes its card:
`python -m sycee_scoring.training.distress --daily F [--output DIR]`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from sycee_scoring.distress.daily_file import DailyFileError, read_daily
from sycee_scoring.distress.features import FEATURES, HORIZON_DAYS
from sycee_scoring.distress.fitting import (
    LEAST_ROWS,
    Predict,
    Rows,
    across_shops,
    by_ranks,
    calibrated,
    model_of,
    rolled,
    shop_folds,
    stacked,
)
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.distress.model_file import DISTRESS_VERSION, serving_digest
from sycee_scoring.distress.panel import Panel, at, monthly, weekly
from sycee_scoring.distress.simulation import simulate
from sycee_scoring.learning.metrics import Array
from sycee_scoring.model_files import MODELS, canonical_json
from sycee_scoring.training import distress_card, distress_plots
from sycee_scoring.training.distress_examples import examples
from sycee_scoring.training.distress_figures import before_a_break, calibration, drift, ranked, roc
from sycee_scoring.training.distress_notes import limits, notes
from sycee_scoring.training.distress_rivals import RIVALS

SEED: Final = 20260101
SIMULATED_SHOPS: Final = 100
LEAST_SIMULATED_DAYS: Final = 140
TEST_SHARE: Final = 3
"""The last of so many parts of the monthly cut-offs is the test."""


class TrainingError(Exception):
    """The file is too short or too small to learn from and be tested on; the message says what is needed."""


@dataclass(frozen=True, slots=True)
class Split:
    """Places of cut-offs: `learn` a week apart, `choose` and `test` monthly, and all outcomes of the first two known
    before the first of the test."""

    learn: list[int]
    choose: list[int]
    test: list[int]


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, its card's page and the card itself."""

    model: DistressModel
    card: dict[str, Any]
    page: str


def main(arguments: list[str] | None = None) -> int:
    """Train the early-warning model on a file of daily counts; same file, same bytes."""
    parser = argparse.ArgumentParser(prog="python -m sycee_scoring.training.distress", description=main.__doc__)
    parser.add_argument("--daily", type=Path, required=True, help="CSV or Parquet with shop_id, time_stamp and count")
    parser.add_argument("--output", type=Path, default=MODELS, help="folder for the card, as JSON and as a page")
    words = parser.parse_args(arguments)
    try:
        trained = train(read_daily(words.daily))
    except (DailyFileError, TrainingError) as error:
        sys.stderr.write(f"training of {DISTRESS_VERSION}: {error}\n")
        return 2
    words.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(trained.card, indent=1, ensure_ascii=False, sort_keys=True)
    (words.output / f"{DISTRESS_VERSION}.json").write_text(text + "\n", encoding="utf-8")
    (words.output / f"{DISTRESS_VERSION}.md").write_text(trained.page, encoding="utf-8")
    for name, drawing in distress_plots.draw(trained.card).items():
        (words.output / f"{DISTRESS_VERSION}.{name}.svg").write_text(drawing, encoding="utf-8")
    sys.stdout.write(f"{DISTRESS_VERSION} {trained.card['serving_sha256']}\n")
    return 0


def train(panel: Panel) -> Trained:
    """Learns on the first two thirds of the months, compares there, and tests once on the last third. Raises
    TrainingError."""
    split = split_of(panel)
    learn, choose = (stacked([at(panel, place) for place in places]) for places in (split.learn, split.choose))
    simulated = _simulated(panel, split.learn[-1])
    folds = shop_folds(len(panel.shops))
    predict = by_ranks(simulated)
    asked, risk = rolled(learn, learn, folds, predict)
    if not len(risk) or not 0.0 < asked.bad.mean() < 1.0:
        raise TrainingError(
            f"no cut-off has {LEAST_ROWS} earlier ones of other shops with known outcomes of both kinds"
        )
    line = calibrated(asked.bad, risk, asked.days)
    if line[1] <= 0.0:
        raise TrainingError("later months and other shops were not ordered by what earlier ones taught")
    model = model_of(DISTRESS_VERSION, np.concatenate((learn.figures, simulated)), line)
    rivals: dict[str, Predict] = {"this_model": predict, **RIVALS}
    test = stacked([at(panel, place) for place in split.test])
    if not 0.0 < test.bad.mean() < 1.0:
        raise TrainingError(
            f"of {len(test.bad):,} pairs in the test {int(test.bad.sum()):,} fell; both kinds are needed"
        )
    tested = {name: across_shops(learn, test, folds, rival) for name, rival in rivals.items()}
    serving, data = model.as_json(), _data(panel, learn, test, len(simulated))
    card = {
        "version": DISTRESS_VERSION,
        "serving": serving,
        "serving_sha256": serving_digest(serving),
        "data": data,
        "notes": notes(data["sha256"]),
        "choice": {name: ranked(*rolled(learn, choose, folds, rival)) for name, rival in rivals.items()},
        "test": {name: ranked(*said) for name, said in tested.items()},
        "calibration": calibration(*tested["this_model"], line),
        "breaks": before_a_break(test),
        "curves": {"roc": {name: roc(*said) for name, said in tested.items()}},
        "psi": drift(model, learn, test),
        "examples": examples(model, [_day(panel, place) for place in split.test]),
        "limits": limits(data["sha256"]),
    }
    return Trained(model, card, distress_card.render(card))


def split_of(panel: Panel) -> Split:
    """Months for learning and for the test, apart by the 56 days of outcome. Raises TrainingError."""
    months = monthly(panel)
    test = months[len(months) - len(months) // TEST_SHARE :]
    choose = [place for place in months if test and place + HORIZON_DAYS <= test[0]]
    if not choose:
        raise TrainingError(
            f"of {len(months)} first days of months to judge, none lies {HORIZON_DAYS} days before the last third"
        )
    return Split(weekly(panel, choose[-1]), choose, test)


def _simulated(panel: Panel, last: int) -> Array:
    """Figures of invented shops up to the last day learnt from: real files hold few shops that close for good."""
    if last < LEAST_SIMULATED_DAYS:
        return np.zeros((0, len(FEATURES)))
    shops = simulate(SIMULATED_SHOPS, panel.first_day, last + HORIZON_DAYS, SEED)
    return stacked([at(shops, place) for place in weekly(shops, last)]).figures


def _data(panel: Panel, learn: Rows, test: Rows, simulated: int) -> dict[str, Any]:
    named = canonical_json([str(panel.first_day), *panel.shops])
    return {
        "sha256": hashlib.sha256(named + panel.counts.tobytes()).hexdigest(),
        "shops": len(panel.shops),
        "first_day": str(panel.first_day),
        "last_day": str(panel.first_day + timedelta(days=panel.days - 1)),
        "simulated_shops": SIMULATED_SHOPS,
        "simulated_pairs": simulated,
        "learn": _period(learn),
        "test": _period(test),
    }


def _period(rows: Rows) -> dict[str, Any]:
    first, last = (str(date.fromordinal(int(day))) for day in (rows.days.min(), rows.days.max()))
    return {"first_cutoff": first, "last_cutoff": last, "pairs": len(rows.bad), "bads": int(rows.bad.sum())}


def _day(panel: Panel, place: int) -> date:
    return panel.first_day + timedelta(days=place)


if __name__ == "__main__":
    sys.exit(main())
