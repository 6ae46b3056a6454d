"""Expressions of a mapping: CEL over `row`, compiled once, bounded, never raising for what a row holds.

`row` is used as `row.name` or `row["any name"]` and so it is known which columns an expression reads. Texts that are
plain numbers come as doubles (CEL mixes no types: write 2.0, not 2), other texts as they are, nothing as null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import cel
from sycee_service.errors import InvalidArgument

from sycee_ingestion.values import BadValueError, decimal

LONGEST_TEXT = 10_000
_MOST_ELEMENTS = 1_000
_DEEPEST = 8
_MOST_MACROS = 1

_WORD = re.compile(r"""(?P<text>[rRbB]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|(?P<name>[A-Za-z_]\w*)|(?P<sign>\S)""")
_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")

_WHY: Sequence[tuple[type[Exception], str]] = (
    (ZeroDivisionError, "must not divide by nothing"),
    (KeyError, "must name values that the row has"),
    (IndexError, "must name values that the row has"),
    (TypeError, "must fit the types of the row's values (numbers are doubles: 2.0)"),
)


class RowExpression:
    """A compiled expression. Raises InvalidArgument naming the key when it is not one."""

    def __init__(self, key: str, source: str) -> None:
        self.columns = _columns(key, source)
        try:
            self._program = cel.compile(source)
        except ValueError:
            raise InvalidArgument(key, "must be a CEL expression") from None
        if set(self._program.variables()) - {"row"} - _bound(source):
            raise InvalidArgument(key, "must name nothing but `row`")

    def of(self, values: Mapping[str, object]) -> object:
        """The value for a row, given the columns that it reads. Raises BadValueError."""
        row = {name: _known(value) for name, value in values.items()}
        try:
            found: object = self._program.execute({"row": row})
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            rule = next((rule for kind, rule in _WHY if isinstance(error, kind)), "must have a value for the row")
            raise BadValueError(rule) from None
        if isinstance(found, (str, int, float, datetime, date)) or found is None:
            return found
        raise BadValueError("must give a text, a number, a time, true or false")


def _columns(key: str, source: str) -> tuple[str, ...]:
    """The columns that an expression reads, in the order in which it names them."""
    words = [(match.lastgroup, match[0]) for match in _WORD.finditer(source)]
    found: dict[str, None] = {}
    macros = 0
    for place, (kind, word) in enumerate(words):
        if kind != "name":
            continue
        before = words[place - 1][1] if place else ""
        if word in _MACROS and before == ".":
            macros += 1
        if word == "row" and before != ".":
            found[_named(key, words[place + 1 : place + 4])] = None
    if macros > _MOST_MACROS:
        raise InvalidArgument(key, f"must use at most {_MOST_MACROS} of {', '.join(sorted(_MACROS))}")
    return tuple(found)


def _named(key: str, after: Sequence[tuple[str | None, str]]) -> str:
    """The column behind a `row`."""
    if len(after) >= 2 and after[0][1] == "." and after[1][0] == "name":
        return after[1][1]
    if len(after) == 3 and after[0][1] == "[" and after[1][0] == "text" and after[2][1] == "]":
        name = after[1][1]
        if name[0] in "\"'" and "\\" not in name:
            return name[1:-1]
    raise InvalidArgument(key, 'must use `row` as row.name or row["name"]')


def _bound(source: str) -> set[str]:
    """Names that a macro binds."""
    return set(re.findall(rf"\.(?:{'|'.join(_MACROS)})\(\s*(\w+)\s*,", source))


def _known(value: object, depth: int = 0) -> object:
    """A value as CEL takes it."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise BadValueError(f"must read texts of at most {LONGEST_TEXT} characters")
        return float(value) if _PLAIN_NUMBER.fullmatch(value) else value
    if value is None or isinstance(value, (bool, datetime, timedelta)):
        return value
    if isinstance(value, (dict, list, tuple)):
        if len(value) > _MOST_ELEMENTS or depth == _DEEPEST:
            raise BadValueError(f"must read lists of at most {_MOST_ELEMENTS} elements, {_DEEPEST} deep")
        if isinstance(value, dict):
            return {str(name): _known(inside, depth + 1) for name, inside in value.items()}
        return [_known(inside, depth + 1) for inside in value]
    if isinstance(value, date):
        return value.isoformat()
    return float(decimal(value))
