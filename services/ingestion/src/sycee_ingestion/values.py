"""Plain values of a file to what fields hold: numbers, amounts, moments, days, yes and no. Pure; raises BadValueError.

Nothing is guessed that could be read in two ways: a comma is a separator of thousands where it stands like one, and
never a decimal point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

MOST_YUAN = 10**15
"""Amounts beyond it are misread, not meant."""

_MOST_DIGITS = 20
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DRESSED = re.compile(r"(?P<minus>-?)\s*[¥￥]?\s*(?P<number>[+-]?[\d,.]+)\s*元?")
_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
_WHOLE = Decimal(1)
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y", "是"}), frozenset({"false", "0", "no", "n", "否"})
_EPOCH_UNITS = {"epoch_s": 1, "epoch_ms": 1_000}


class BadValueError(Exception):
    """A value of a row cannot be read as what its field is. The rule never holds the value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def text_of(value: object) -> str:
    """A value as the text that a file of texts would have for it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def stored_text(value: object) -> str:
    """A text as fields hold it: without blanks around it. Raises BadValueError for half a surrogate pair."""
    text = text_of(value).strip()
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadValueError("must be text") from None
    return text


def decimal(value: object) -> Decimal:
    """A finite number of a size that can be meant; thousands may be parted by commas, yuan may bear their sign."""
    if isinstance(value, Decimal):
        number = value
    else:
        text = text_of(value).strip()
        try:
            number = Decimal(_undressed(text))
        except ArithmeticError:
            raise BadValueError("must be a number") from None
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise BadValueError("must be a number below 10^20")
    return number


def _undressed(text: str) -> str:
    if text[-1:].isdigit() and text[:1].isdigit() and "," not in text:
        return text
    dressed = _DRESSED.fullmatch(text)
    if dressed is None:
        return text
    number = dressed["number"]
    if "," in number:
        if not _THOUSANDS.fullmatch(number):
            raise BadValueError("must be a number; commas may part thousands alone")
        number = number.replace(",", "")
    return dressed["minus"] + number


def fen(value: object, fen_each: Decimal) -> int:
    """An amount in whole fen, half up, where one of the value's unit is `fen_each` fen."""
    if isinstance(value, float) and fen_each == 100:
        quick = round(value * 100) if abs(value) < MOST_YUAN else 0
        if quick / 100 == value:  # the double next to a number of at most two decimals: exact
            return quick
    amount = int((decimal(value) * fen_each).quantize(_WHOLE, ROUND_HALF_UP))
    if abs(amount) > MOST_YUAN * 100:
        raise BadValueError("must be an amount below 10^15 yuan")
    return amount


def scaled(value: object, factor: Decimal) -> int:
    """A whole number of `factor` times the value, half up."""
    return int((decimal(value) * factor).quantize(_WHOLE, ROUND_HALF_UP))


def whole(value: object, *, absolute: bool = False, negate: bool = False) -> int:
    """A whole number; one with decimals is refused."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else _integral(decimal(value))
    if absolute:
        return abs(number)
    return -number if negate else number


def _integral(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise BadValueError("must be a whole number")
    return int(number)


def yes_or_no(value: object) -> bool:
    """True or false, in the words that files use."""
    text = text_of(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise BadValueError("must be true or false")


def enum_number(value: object, numbers: Mapping[str, int]) -> int:
    """The number of a short name."""
    found = numbers.get(text_of(value))
    if found is None:
        raise BadValueError(f"must be one of {', '.join(name for name in numbers if name != 'UNSPECIFIED')}")
    return found


def moment(value: object, form: str | None, zone: ZoneInfo) -> datetime:
    """An aware moment in UTC; without an offset of its own it is taken in `zone`, a bare day as its first second.

    `form` is as `strptime` has it, `epoch_s` or `epoch_ms` for a count since 1970, or None for ISO 8601 and for times
    that name the year first.
    """
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    if isinstance(value, date):
        return _in_utc(datetime.combine(value, time()), zone)
    if form in _EPOCH_UNITS:
        return _since_epoch(value, _EPOCH_UNITS[form])
    return _moment_of_text(text_of(value).strip(), form, zone)


def day(value: object, form: str | None, zone: ZoneInfo) -> date:
    """The calendar day of a moment in `zone`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return moment(value, form, zone).astimezone(zone).date()


def _since_epoch(value: object, each_s: int) -> datetime:
    try:
        return datetime.fromtimestamp(float(decimal(value) / each_s), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadValueError("must be a count since 1970 in the years 1 to 9999") from None


@lru_cache(maxsize=10_000)  # a file tells of few days, each of them often
def _moment_of_text(text: str, form: str | None, zone: ZoneInfo) -> datetime:
    try:
        return _in_utc(_read_moment(text, form), zone)
    except ValueError:
        raise BadValueError("must be a time" if form is None else f"must be a time of the form {form}") from None


def _read_moment(text: str, form: str | None) -> datetime:
    if form is not None:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the caller knows the zone
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _year_first(text)


def _year_first(text: str) -> datetime:
    """A time that names its year first: 2026/3/5 9:07, 2026年3月5日. Raises ValueError."""
    match = _YEAR_FIRST.fullmatch(text)
    if match is None:
        raise ValueError("no time")
    year, month, day_of_month, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day_of_month, hour, minute, second)  # noqa: DTZ001 - the caller knows the zone


def _in_utc(found: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError("must be a time in the years 2 to 9998") from None
