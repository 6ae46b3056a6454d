"""What values look like: how times are written, whether numbers are numbers, what to call a thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sycee_ingestion import values
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.values import BadValueError

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MOST_LOOKED_AT = 200
_LEAST_SHARE = 0.95
_TIME_FORMS: tuple[str | None, ...] = (
    "%Y%m%d",
    None,  # ISO 8601
    *("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y.%m.%d", "%Y.%m.%d %H:%M:%S"),
    *("%Y年%m月%d日", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S"),
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M", "epoch_s", "epoch_ms"),
)
_EARLIEST, _LATEST = 1990, 2100
_PLACED = re.compile(r"[0-9a-f]{16}-?")


def time_form(found: Sequence[object]) -> tuple[bool, str | None]:
    """Whether values are times, and the form that reads them; the first form that reads nearly all of them wins."""
    looked_at = [value for value in found[:_MOST_LOOKED_AT] if value is not None]
    if not looked_at:
        return False, None
    if all(isinstance(value, (date, datetime)) for value in looked_at):
        return True, None
    for form in _TIME_FORMS:
        if sum(_is_time(value, form) for value in looked_at) >= _LEAST_SHARE * len(looked_at):
            return True, form
    return False, None


def day_and_month_may_be_swapped(found: Sequence[object], form: str | None) -> bool:
    """Whether nothing tells which of two numbers is the day."""
    other = {"%d/%m/%Y": "%m/%d/%Y", "%d/%m/%Y %H:%M": "%m/%d/%Y %H:%M"}.get(form or "")
    return other is not None and all(_is_time(value, other) for value in found[:_MOST_LOOKED_AT])


def _is_time(value: object, form: str | None) -> bool:
    if isinstance(value, (bool, float)) or (form is None and not isinstance(value, str)):
        return False
    try:
        read = values.moment(
            str(value) if form is not None and not form.startswith("epoch") else value, form, _SHANGHAI
        )
    except BadValueError:
        return False
    return _EARLIEST <= read.year < _LATEST


def are_numbers(found: Sequence[object]) -> bool:
    """Whether nearly all values are numbers."""
    looked_at = found[:_MOST_LOOKED_AT]
    return bool(looked_at) and sum(_is_number(value) for value in looked_at) >= _LEAST_SHARE * len(looked_at)


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    try:
        values.decimal(value)
    except BadValueError:
        return False
    return True


def any_negative(found: Sequence[object]) -> bool:
    """Whether any value is a number below zero."""
    return any(_is_number(value) and values.decimal(value) < 0 for value in found)


def leaf_paths(look: Look) -> list[str]:
    """Every column, and where it holds objects, the paths to what is in them."""
    found: list[str] = []
    for column in look.columns:
        inside = _leaves(column, look.values(column)[:_MOST_LOOKED_AT], 1)
        found += inside or [column]
    return found


def _leaves(path: str, found: Sequence[object], depth: int) -> list[str]:
    objects = [value for value in found if isinstance(value, dict)]
    if not objects or depth > 3:
        return []
    leaves = []
    for name in dict.fromkeys(name for value in objects for name in value):
        below = [value[name] for value in objects if value.get(name) is not None]
        leaves += _leaves(f"{path}.{name}", below, depth + 1) or [f"{path}.{name}"]
    return leaves


def is_chinese(look: Look) -> bool:
    """Whether the file's columns are named in Chinese."""
    return any("一" <= sign <= "鿿" for column in look.columns for sign in column)


def slug(text: str, fallback: str) -> str:
    """A text as a source may be called."""
    words = re.sub(r"[^a-z0-9]+", "-", _PLACED.sub("", text.lower(), count=1)).strip("-")[:32].strip("-")
    return words or fallback
