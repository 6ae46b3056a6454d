"""Identifiers of nobody: formally valid, and outside the ranges that are given out to anyone.

- Social credit codes (rule CN-ID-01) have the right check characters, outer and inner, and end their region in 9999,
  which GB/T 2260 assigns nowhere.
- Resident ids (rule CN-ID-03) have the right check digit and a real date, and a region that stands for a whole
  province (such as 330000). GB/T 2260 has it, so validators that know the table accept it; but ids are given out under
  codes of counties and districts only, so nobody holds one.
- Mobile numbers (rule CN-ID-04) begin with 164, which is not assigned to any network (the numbering data of
  libphonenumber know 162, 165, 166 and 167 only).
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Final

from stdnum.cn import ric, uscc

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PHONE_PREFIX: Final = "164"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_OLDEST_BIRTH: Final = date(1962, 1, 1)
_BIRTH_DAYS: Final = 14_610  # forty years: of age from 2020 on
_SERIALS: Final = 999
_STRIDE: Final = 7_368_787  # shares no factor with the 14,595,390 pairs of day and serial, so that steps never meet


def organisation_check(body: str) -> str:
    """Check character of an organisation code (GB 11714): 11 minus the weighted sum of its 8 characters mod 11.

    10 reads X and 11 reads 0. Letters count 10 (A) to 35 (Z).
    """
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


_PARENT_PROVINCES: Final = {"46": "44", "50": "51"}
"""Hainan (1988) and Chongqing (1997) are young: who was born before has a code of the province they were part of."""


def social_credit_code(rnd: Random, province_code: str, *, sole_trader: bool) -> str:
    """18 characters: 91 for an enterprise or 92 for a sole trader, region, organisation code, check character."""
    body = "MA" + "".join(rnd.choices(ALPHABET, k=6))
    stem = f"{'92' if sole_trader else '91'}{province_code}9999{body}{organisation_check(body)}"
    return stem + str(uscc.calc_check_digit(stem))


def resident_id(index: int, province_code: str) -> str:
    """18 characters, different for every `index` below 14 million; the person is 18 or over from 2020 on."""
    place = index * _STRIDE % (_BIRTH_DAYS * _SERIALS)
    birth = _OLDEST_BIRTH + timedelta(days=place // _SERIALS)
    region = _PARENT_PROVINCES.get(province_code, province_code)
    stem = f"{region}0000{birth:%Y%m%d}{place % _SERIALS + 1:03d}"
    return stem + str(ric.calc_check_digit(stem + "0"))


def phone(index: int) -> str:
    """11 digits, different for every `index` below 100 million."""
    return f"{PHONE_PREFIX}{index % 100_000_000:08d}"
