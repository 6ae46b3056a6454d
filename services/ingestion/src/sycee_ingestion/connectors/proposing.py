"""Pieces of proposed mappings that several connectors share, and the notes that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sycee_ingestion.connectors import guesses, names
from sycee_ingestion.connectors.chunks import Records
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import undressed
from sycee_ingestion.mapping import FileShape

Tree = dict[str, Any]

MERCHANT_TO_NAME = "merchant-of-this-file"


def names_in(look: Look) -> list[str]:
    """The columns as a table of an export names them."""
    return [str(undressed(column) or "") for column in look.columns]


def file_section(shape: FileShape) -> Tree:
    """What a mapping must say of a file's shape."""
    section: Tree = {"format": shape.format}
    if shape.format in {"csv", "text", "json", "jsonl"} and shape.encoding != "utf-8":
        section["encoding"] = shape.encoding
    if shape.format == "csv" and shape.separator != ",":
        section["separator"] = shape.separator
    if shape.format in {"csv", "text"}:
        section |= {"header": "true"} if shape.header else {"header": "false", "columns": list(shape.columns)}
        if shape.skip_lines:
            section["skip_lines"] = str(shape.skip_lines)
    if shape.items:
        section["items"] = shape.items
    return section


def merchant_section(look: Look, points: list[str], borrower_kind: str = "SOLE_TRADER") -> Tree:
    """Whose rows they are: a column that says so, or one merchant whom a person must name."""
    column = names.find("merchant", guesses.leaf_paths(look))
    if column is None:
        points.append("no column names the merchant: put the id of a registered one in the place of merchant.constant")
        return {"constant": MERCHANT_TO_NAME}
    points.append(
        f"merchants that are not registered yet will be, as {borrower_kind}: change merchant.register where they are "
        "something else, or leave it out to hold the rows of unknown merchants"
    )
    return {"column": column, "register": {"borrower_kind": borrower_kind}}


def time_value(look: Look, column: str, points: list[str]) -> Tree:
    """A column of times, with the form that reads it."""
    found = sample(look, column)
    is_time, form = guesses.time_form(found)
    value: Tree = {"column": column}
    if form is not None:
        value["format"] = form
    if not is_time:
        points.append(f"{column!r} does not look like times: say its format")
    elif guesses.day_and_month_may_be_swapped(found, form):
        points.append(f"{column!r} may have month and day the other way round")
    if not guesses.is_chinese(look) and not _are_days(found):
        value["time_zone"] = "Asia/Shanghai"
        points.append(
            f"times in {column!r} without an offset are taken as Asia/Shanghai: change time_zone if they are not"
        )
    return value


def money_value(look: Look, column: str, points: list[str]) -> Tree:
    """A column of amounts, with its unit and currency as far as its name tells them."""
    value: Tree = {"column": column}
    unit = names.unit_in(column)
    if unit in {"fen", "wan"}:
        value["unit"] = unit
    if "dollar" in column.lower() or "usd" in column.lower():
        value |= {"from": "USD", "rate": "1"}
        points.append(f"{column!r} looks like US dollars: put what one was worth in CNY in the place of rate")
    elif not guesses.is_chinese(look):
        points.append(f"amounts in {column!r} are taken as CNY: add from and rate if they are not")
    if not guesses.are_numbers(sample(look, column)):
        points.append(f"{column!r} does not look like amounts")
    return value


def sample(look: Look, path: str) -> list[object]:
    """The sample's values at a path, without those that are empty."""
    found = Records(look.rows, look.columns).column(path)
    return [value for value in found if value is not None and value != ""]


def _are_days(found: Sequence[object]) -> bool:
    return all(len(str(value)) <= len("2026年03月15日") and ":" not in str(value) for value in found)
