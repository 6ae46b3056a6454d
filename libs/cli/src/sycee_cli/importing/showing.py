"""What is shown of suggestions and imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sycee.ingestion.v1.event_pb2 import Event
from sycee.ingestion.v1.ingestion_pb2 import EventReject, Import, SuggestMappingResponse

from sycee_cli.days import SHANGHAI
from sycee_cli.importing.following import Imported
from sycee_cli.money import shown as shown_money

SKIPPED = "SKIPPED_BY_MAPPING"
_LONGEST = 24
_MOST_REJECTS = 5


def show_suggestion(console: Console, file: Path, suggestion: SuggestMappingResponse) -> None:
    """The mapping, the first rows as it maps them, and what is still to be decided."""
    console.print(f"[bold]{escape(file.name)}[/]: connector [bold]{escape(suggestion.connector)}[/]", highlight=False)
    console.print(suggestion.mapping_yaml, highlight=False, markup=False, soft_wrap=True)
    if suggestion.rows:
        console.print(_rows_table(suggestion))
    for point in suggestion.open_points:
        console.print(f"[yellow]open[/]  {escape(point)}", highlight=False, soft_wrap=True)


def _rows_table(suggestion: SuggestMappingResponse) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("row", "merchant", "occurred (Shanghai)", "kind", "what it says"):
        table.add_column(column, overflow="fold")
    for row in suggestion.rows:
        if row.HasField("event"):
            table.add_row(str(row.index), *(escape(cell) for cell in _event_cells(row.event)))
        else:
            why = f"{row.reject.reason} {row.reject.field}: {row.reject.description}"
            table.add_row(str(row.index), "", "", "", f"[red]{escape(why)}[/]")
    return table


def _event_cells(event: Event) -> tuple[str, str, str, str]:
    kind = event.WhichOneof("body") or ""
    when = event.occurred_at.ToDatetime(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if event.HasField("occurred_at") else ""
    told = [f"revision={event.revision}"] if event.revision else []
    told += [f"{field.name}={_value(field, value)}" for field, value in getattr(event, kind).ListFields()]
    return event.merchant_id, when, kind, " ".join(told)


def _value(field: FieldDescriptor, value: object) -> str:
    if field.is_repeated:
        return f"[{len(value)}]"  # type: ignore[arg-type] # a repeated field has a length
    if isinstance(value, Money):
        return shown_money(value)
    if isinstance(value, Date):
        return f"{value.year}-{value.month:02}-{value.day:02}"
    if isinstance(value, Message):
        return "{" + " ".join(f"{inside.name}={_value(inside, one)}" for inside, one in value.ListFields()) + "}"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name).rpartition("_")[2]  # type: ignore[index] # a number
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def show_imports(console: Console, done: Sequence[tuple[Path, Imported]]) -> None:
    """A line for each file, their sum, and why rows were not taken."""
    table = Table(box=None, pad_edge=False)
    for column in ("file", "connector"):
        table.add_column(column)
    for column in ("rows", "accepted", "duplicates", "held", "skipped", "seconds", "rows/s"):
        table.add_column(column, justify="right")
    for file, one in done:
        table.add_row(escape(file.name), escape(one.file.connector), *_figures([one]))
    if len(done) > 1:
        table.add_row("[bold]together[/]", "", *_figures([one for _, one in done]))
    console.print(table, highlight=False)
    for file, one in done:
        for line in _reject_lines(one.file):
            console.print(f"{file.name}: {line}", highlight=False, markup=False, soft_wrap=True)


def _figures(done: Sequence[Imported]) -> Iterable[str]:
    files = [one.file for one in done]
    seconds = sum(one.seconds for one in done)
    rows = sum(file.done_count for file in files)
    counts = (
        rows,
        sum(file.accepted_count for file in files),
        sum(file.duplicate_count for file in files),
        sum(file.held_count for file in files),
        sum(one.skipped_count for one in done),
    )
    return [*(f"{count:,}" for count in counts), f"{seconds:.1f}", f"{rows / seconds:,.0f}" if seconds else ""]


def _reject_lines(file: Import) -> list[str]:
    held = [reject for reject in file.first_rejects if reject.reason != SKIPPED]
    lines = [_reject_line(reject) for reject in held[:_MOST_REJECTS]]
    left = file.held_count - len(lines)
    return [*lines, f"and {left:,} rows more are held in quarantine (ListQuarantine)"] if left > 0 else lines


def _reject_line(reject: EventReject) -> str:
    field = f" {reject.field}" if reject.field else ""
    return f"row {reject.index}: {reject.reason}{field}: {reject.description}"
