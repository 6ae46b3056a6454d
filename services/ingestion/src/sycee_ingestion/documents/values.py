"""Values on Chinese forms: days, terms, amounts, register codes, resident ids; and how they are masked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2, mod_11_10

_DAY = re.compile(r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})日?")
_COMPACT_DAY = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_CHINESE_DAY = re.compile(
    r"([〇零○0一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日?"
)
_CHINESE_DIGITS = {character: index for index, character in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "○": 0,
    "0": 0,
}
_OPEN_ENDED = ("长期", "永久", "无固定期限")

_FINANCIAL = {
    **{character: index for index, character in enumerate("零壹贰叁肆伍陆柒捌玖")},
    **{character: index for index, character in enumerate("〇一二三四五六七八九")},
    "两": 2,
    "弍": 2,
    "参": 3,
}
_TENS = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1_000, "千": 1_000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_AMOUNT = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)([万亿]?)")
_FOREIGN = ("美元", "港元", "港币", "欧元", "日元", "英镑")

# Letters that the code's alphabet leaves out because they are taken for digits (GB 32100-2015, 4.2).
_READ_AS = str.maketrans({"I": "1", "O": "0", "Z": "2", "S": "5"})
LONG_TERM = "长期"


@dataclass(frozen=True, slots=True, repr=False)
class Term:
    """A time of validity; `until` is None where it has no end."""

    since: date | None
    until: date | None
    open_ended: bool


def day(text: str) -> date | None:
    """The first day that a text names, in digits or Chinese numerals; None for none, or one that never was."""
    found = _DAY.search(text) or _COMPACT_DAY.search(text)
    if found is not None:
        return _real_day(int(found[1]), int(found[2]), int(found[3]))
    found = _CHINESE_DAY.search(text)
    if found is None:
        return None
    year = int("".join(str(_CHINESE_DIGITS[character]) for character in found[1]))
    return _real_day(year, _small_number(found[2]), _small_number(found[3]))


def term(text: str) -> Term:
    """A term such as "自2019年1月1日至长期" or "2015.01.01-2035.01.01"."""
    parts = list(_DAY.finditer(text)) or list(_COMPACT_DAY.finditer(text))
    days = [found for part in parts if (found := day(part[0])) is not None]
    open_ended = any(word in text for word in _OPEN_ENDED)
    since = days[0] if days else None
    return Term(since, days[1] if len(days) > 1 and not open_ended else None, open_ended)


def amount_fen(text: str) -> int | None:
    """An amount of money in fen, in digits ("100万元", "50.000000万人民币") or financial numerals ("贰佰万元整").

    None where no amount is understood or it is of another currency.
    """
    if any(word in text for word in _FOREIGN):
        return None
    found = _AMOUNT.search(text)
    if found is not None:
        whole, _, part = found[1].replace(",", "").partition(".")
        scale = 100 * _MYRIADS.get(found[2], 1)
        exact = int(whole + part) * scale
        return exact // 10 ** len(part) if exact % 10 ** len(part) == 0 else None
    numerals = re.search(rf"[{''.join([*_FINANCIAL, *_TENS, *_MYRIADS])}]+", text)
    return None if numerals is None else _numeral(numerals[0]) * 100 or None


def credit_code(text: str) -> tuple[str, bool]:
    """A unified social credit code as it must have been printed, and whether it is one (GB 32100-2015).

    Letters outside the alphabet are read as the digits they are left out for; nothing else is guessed.
    """
    code = _compact(text).translate(_READ_AS)
    return code, bool(uscc.is_valid(code))


def registration_number(text: str) -> tuple[str, bool]:
    """A registration number of before 2015: 15 digits, the last a check digit (GS 15-2006, ISO 7064 mod 11,10)."""
    number = _compact(text).translate(_READ_AS)
    return number, len(number) == 15 and number.isdecimal() and bool(mod_11_10.is_valid(number))


@dataclass(frozen=True, slots=True, repr=False)
class ResidentId:
    """A resident id number: whether it is one (GB 11643-1999), and the day and sex that it says (None where not)."""

    number: str
    valid: bool
    born_on: date | None
    male: bool | None


def resident_id(text: str) -> ResidentId:
    """Reads a resident id number."""
    number = _compact(text).replace("×", "X")
    head, last = number[:-1].translate(_READ_AS), number[-1:]
    number = head + ("X" if last == "X" else last.translate(_READ_AS))
    if not re.fullmatch(r"\d{17}[\dX]", number) or not mod_11_2.is_valid(number):
        return ResidentId(number, valid=False, born_on=None, male=None)
    born = _real_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return ResidentId(number, born is not None, born, int(number[16]) % 2 == 1)


def masked_text(text: str) -> str:
    """The first character and how many follow, none of them shown."""
    return text[:1] + "*" * min(16, max(0, len(text) - 1))


def masked_number(text: str) -> str:
    """All but the last two characters hidden."""
    return "*" * max(0, len(text) - 2) + text[-2:] if len(text) > 4 else "*" * len(text)


def _compact(text: str) -> str:
    return re.sub(r"[\s\-_.:·]", "", text).upper()


def _real_day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _small_number(numerals: str) -> int:
    """1 to 99 in numerals such as 二十一."""
    tens, ten, ones = numerals.rpartition("十")
    if not ten:
        return _CHINESE_DIGITS[numerals] if len(numerals) == 1 else 0
    return (_CHINESE_DIGITS[tens] if len(tens) == 1 else 1) * 10 + (_CHINESE_DIGITS[ones] if len(ones) == 1 else 0)


def _numeral(text: str) -> int:
    """Chinese numerals with units as a number: 壹仟贰佰万 is 12,000,000."""
    total, section, digit = 0, 0, 0
    for character in text:
        if character == "亿":
            total = (total + section + digit) * _MYRIADS[character]
            section, digit = 0, 0
        elif character == "万":
            total += (section + digit) * _MYRIADS[character]
            section, digit = 0, 0
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        else:
            digit = _FINANCIAL[character]
    return total + section + digit
