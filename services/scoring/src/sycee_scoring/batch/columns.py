"""The flat table of a book: one merchant a row, the evidence of a score a column.

Columns that are absent are missing evidence in every row, as an empty cell is in one. A part is there where its first
column is: trade with `monthly_net_12m_fen`, a bureau report with `bureau_report_date`, invoices with
`invoice_sale_count`. Names, units and meaning are those of a portrait (`sycee.ingestion.v1.Profile`): sales are those
without brushed orders where these were judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

MAX_FEN: Final = 10**15
"""Ten trillion yuan, as on the wire."""

MAX_WEEKS: Final = 104
SEPARATOR: Final = ";"
"""Between the weeks of a cell in CSV."""

_SHANGHAI: Final = "Asia/Shanghai"
_MOMENT: Final = pl.Datetime("us", "UTC")


class BookError(Exception):
    """A table that cannot be scored; the message names column, row, value and rule."""


@dataclass(frozen=True, slots=True)
class Column:
    """`rule` is told where `holds` is false of a value; both say what a value that is there must be."""

    name: str
    kind: pl.DataType
    rule: str
    holds: Callable[[pl.Expr], pl.Expr]
    needed: bool = False
    with_part: str = ""  # the column of which each value needs one here


def _between(low: float, high: float) -> Callable[[pl.Expr], pl.Expr]:
    return lambda column: column.is_between(low, high)


def _finite_from_0(column: pl.Expr) -> pl.Expr:
    return column.is_finite() & (column >= 0.0)


def _of_known_years(moment: pl.Expr) -> pl.Expr:
    return moment.dt.year().is_between(1990, 2999)


def _any(column: pl.Expr) -> pl.Expr:
    return column.is_not_null()


def _money(name: str, *, needed: bool = False, with_part: str = "", low: int = 0) -> Column:
    rule = f"must be whole fen from {low} to {MAX_FEN}"
    return Column(name, pl.Int64(), rule, _between(low, MAX_FEN), needed, with_part)


def _count(name: str, most: int = 10**9, *, needed: bool = False, with_part: str = "", least: int = 0) -> Column:
    return Column(
        name, pl.Int64(), f"must be a whole number from {least} to {most}", _between(least, most), needed, with_part
    )


def _rate(name: str, *, with_part: str = "") -> Column:
    return Column(name, pl.Float64(), "must be a finite number from 0 up", _finite_from_0, with_part=with_part)


_TRADE: Final = "monthly_net_12m_fen"
_REPORT: Final = "bureau_report_date"
_INVOICES: Final = "invoice_sale_count"

COLUMNS: Final = (
    Column("merchant_id", pl.String(), "must be there", _any, needed=True),
    Column("as_of", _MOMENT, "must lie within the years 1990 to 2999", _of_known_years, needed=True),
    _money("requested_amount_fen", needed=True),
    _count("term_months", 60, needed=True, least=1),
    Column("category", pl.String(), "must be text", _any),
    Column("opened_on", pl.Date(), "must be a day", _any),
    _count("employee_count"),
    _money(_TRADE, low=-MAX_FEN),
    _money("monthly_net_3m_adjusted_fen", low=-MAX_FEN, with_part=_TRADE),
    _count("months_of_history", 10_000, with_part=_TRADE),
    _rate("refund_rate_180d", with_part=_TRADE),
    Column(
        "weekly_net_fen",
        pl.List(pl.Int64()),
        f"must be at most {MAX_WEEKS} weeks, oldest first, each whole fen up to {MAX_FEN} either way",
        lambda c: (c.list.len() <= MAX_WEEKS)
        & c.list.eval(pl.element().is_between(-MAX_FEN, MAX_FEN)).list.all()
        & (c.list.drop_nulls().list.len() == c.list.len()),
    ),
    _money("settlement_net_fen"),
    _money("settlement_fee_fen", with_part="settlement_net_fen"),
    Column(_REPORT, pl.Date(), "must be a day", _any),
    _money("bureau_outstanding_fen", with_part=_REPORT),
    _money("bureau_credit_lines_fen", with_part=_REPORT),
    _money("bureau_monthly_debt_service_fen", with_part=_REPORT),
    _count("bureau_months_overdue_24m", with_part=_REPORT),
    _count("bureau_worst_overdue_24m", with_part=_REPORT),
    _count("bureau_enquiries_3m", with_part=_REPORT),
    _count("bureau_public_records", with_part=_REPORT),
    _count("repayment_count"),
    _count("worst_days_past_due"),
    _count("quality_score", 100),
    _count(_INVOICES),
    _count("invoice_voided_count", with_part=_INVOICES),
    Column("customer_herfindahl", pl.Float64(), "must be from 0 to 1", _between(0.0, 1.0)),
    _rate("purchases_to_sales"),
)  # fmt: skip
"""Every column that is read; others are carried along unread."""

NAMES: Final = tuple(column.name for column in COLUMNS)


def typed(frame: pl.DataFrame, first_row: int = 0) -> pl.DataFrame:
    """The columns of a book in their types, null where a cell is empty or a column absent.

    Raises BookError for the first value that breaks a rule; rows are counted from 1, `first_row` came before.
    """
    for column in COLUMNS:
        if column.needed and column.name not in frame.columns:
            raise BookError(f"column {column.name!r} is needed; there are {', '.join(map(repr, frame.columns[:40]))}")
    found = {column.name: _cast(frame, column, first_row) for column in COLUMNS}
    book = pl.DataFrame(found)
    for column in COLUMNS:
        _check(book, column, first_row)
    _check_days(book, first_row)
    return book


def day_of(as_of: pl.Expr) -> pl.Expr:
    """The business day of a moment."""
    return as_of.dt.convert_time_zone(_SHANGHAI).dt.date()


def _cast(frame: pl.DataFrame, column: Column, first_row: int) -> pl.Series:
    if column.name not in frame.columns:
        return pl.Series(column.name, [None] * frame.height, dtype=column.kind)
    given = frame[column.name]
    if given.dtype == column.kind:
        return given
    if given.dtype == pl.String:
        stripped = given.str.strip_chars()
        given = stripped.set(stripped == "", None)
    cast = _parsed(given, column.kind)
    lost = given.is_not_null() & cast.is_null()
    if lost.any():
        row = lost.arg_max() or 0
        raise BookError(f"column {column.name!r}, row {first_row + row + 1}: {given[row]!r} {column.rule}")
    return cast.alias(column.name)


def _parsed(given: pl.Series, kind: pl.DataType) -> pl.Series:
    """The values in their type; null where one is not of it."""
    text = given.dtype == pl.String
    if kind == pl.List(pl.Int64()):
        return _weeks(given) if text else given.cast(kind, strict=False)
    if isinstance(kind, pl.Datetime):
        if text:
            moments = given.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
            days = _moments(given.str.to_date("%Y-%m-%d", strict=False))
            return pl.select(pl.coalesce(moments, days)).to_series()
        return _moments(given)
    if kind == pl.Date() and text:
        return given.str.to_date("%Y-%m-%d", strict=False)
    if kind == pl.Int64() and given.dtype.is_float():
        whole = given.cast(pl.Int64, strict=False)
        return whole.set(whole.cast(pl.Float64) != given, None)
    return given.cast(kind, strict=False)


def _moments(given: pl.Series) -> pl.Series:
    """Moments of any kind as UTC; without a zone they are UTC already, and a day begins in Shanghai."""
    if given.dtype == pl.Date:
        return given.cast(pl.Datetime("us")).dt.replace_time_zone(_SHANGHAI).dt.convert_time_zone("UTC")
    if not isinstance(given.dtype, pl.Datetime):
        return pl.Series(given.name, [None] * len(given), dtype=pl.Datetime("us", "UTC"))
    zoned = given if given.dtype.time_zone else given.dt.replace_time_zone("UTC")
    return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def _weeks(given: pl.Series) -> pl.Series:
    """Lists out of texts such as "1200;0;-300"; a text with anything else in it is null."""
    parts = given.str.strip_chars("[]").str.replace_all(",", SEPARATOR).str.split(SEPARATOR)
    weeks = parts.list.eval(pl.element().str.strip_chars().cast(pl.Int64, strict=False))
    broken = weeks.list.drop_nulls().list.len() != weeks.list.len()
    return weeks.set(broken.fill_null(value=False), None)


def _check(book: pl.DataFrame, column: Column, first_row: int) -> None:
    value = pl.col(column.name)
    broken = value.is_not_null() & ~column.holds(value)
    if column.needed:
        broken = broken | value.is_null()
    if column.with_part:
        broken = broken | (pl.col(column.with_part).is_not_null() & value.is_null())
    rows = book.select(broken.fill_null(value=False).alias("broken"))["broken"]
    if rows.any():
        row = rows.arg_max() or 0
        shown = book[column.name][row]
        told = "is missing" if shown is None else _shown(shown)
        beside = f" where {column.with_part!r} is given" if shown is None and column.with_part else ""
        raise BookError(f"column {column.name!r}, row {first_row + row + 1}: {told}{beside}; it {column.rule}")


def _shown(value: object) -> str:
    return f"{len(value)} weeks" if isinstance(value, pl.Series) else f"{value!s} is wrong"


def _check_days(book: pl.DataFrame, first_row: int) -> None:
    """A report is not of a later day than the moment of its portrait; one day is borne, for clocks elsewhere."""
    late = book.select(
        (pl.col(_REPORT) > day_of(pl.col("as_of")).dt.offset_by("1d")).fill_null(value=False).alias("late")
    )
    rows = late["late"]
    if rows.any():
        row = rows.arg_max() or 0
        raise BookError(f"column {_REPORT!r}, row {first_row + row + 1}: {book[_REPORT][row]} lies after as_of")
