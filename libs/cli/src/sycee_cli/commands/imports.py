"""`sycee import`: files of events, read by mappings that are given or suggested."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sycee.ingestion.v1.ingestion_pb2 import Import, SuggestMappingRequest, SuggestMappingResponse
from sycee_client import SyceeClient

from sycee_cli.commands.options import State
from sycee_cli.importing.following import Imported, bar_of_rows, import_again, import_placed
from sycee_cli.importing.placing import gathered, mapping_beside, mapping_in, place
from sycee_cli.importing.showing import show_imports, show_suggestion
from sycee_cli.session import Session, open_session, run
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import find_folder

__all__ = ["import_file", "import_placed", "place"]

MERCHANT_TO_NAME = "merchant-of-this-file"
"""What stands in a suggested mapping for a merchant that the file does not name."""
SUGGEST_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the command line says."""

    files: list[Path]
    mapping: Path | None
    connector: str
    merchant: str
    accept: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """A file, where it is placed, and the mapping to read it by."""

    file: Path
    placed: str
    mapping_yaml: str


def import_file(
    state: State,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help=".csv, .txt, .json, .jsonl, .parquet, or folders of them.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="YAML",
            help="How columns become event fields, of all files. Without it: the .yaml of the same name beside a file, "
            "else what is suggested.",
        ),
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Propose a mapping and show the first rows mapped.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="YAML", help="With --suggest: write the mapping there (one file).")
    ] = None,
    connector: Annotated[str, typer.Option(metavar="NAME", help="The connector to suggest a mapping of.")] = "",
    merchant: Annotated[str, typer.Option(metavar="ID", help="Whose rows they are, where a file names nobody.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Import as suggested even where points are open.")] = False,
) -> None:
    """Read files of events into ingestion. The same files and mappings again count nothing twice."""
    wishes = _Wishes(gathered(files), mapping, connector, merchant, accept)
    session = open_session(find_folder(state))
    console = Console()
    try:
        if suggest:
            _show(run(_suggest(session, wishes)), output, console)
            return
        done = run(_import(session, wishes, console))
    except OSError as error:
        raise SuiteError(f"{error.filename} cannot be read or written: {error.strerror}") from error
    show_imports(console, done)
    failed = [f"{file.name}: {one.file.error}" for file, one in done if one.file.state != Import.STATE_DONE]
    if failed:
        raise SuiteError("; ".join(failed))


async def _suggest(session: Session, wishes: _Wishes) -> list[tuple[Path, SuggestMappingResponse]]:
    async with session.client() as sycee:
        return [(file, await _suggested(sycee, place(session.folder, file), wishes)) for file in wishes.files]


def _show(found: list[tuple[Path, SuggestMappingResponse]], output: Path | None, console: Console) -> None:
    for file, suggestion in found:
        show_suggestion(console, file, suggestion)
    if output is not None:
        if len(found) != 1:
            raise SuiteError("--output takes the mapping of one file")
        output.write_text(found[0][1].mapping_yaml, encoding="utf-8")
        console.print(f"written to {output}", highlight=False, markup=False)


async def _import(session: Session, wishes: _Wishes, console: Console) -> list[tuple[Path, Imported]]:
    async with session.client() as sycee:
        tasks = [await _task(session, sycee, file, wishes, console) for file in wishes.files]
        width = max(len(task.file.name) for task in tasks)
        with bar_of_rows(console) as bar:
            return [
                (task.file, await import_again(sycee, task.placed, task.mapping_yaml, bar, task.file.name.ljust(width)))
                for task in tasks
            ]


async def _task(session: Session, sycee: SyceeClient, file: Path, wishes: _Wishes, console: Console) -> _Task:
    """The mapping of a file: the one that is given, the one beside it, or the one suggested.

    Raises SuiteError when a person must still decide something about what is suggested.
    """
    placed = place(session.folder, file)
    given = wishes.mapping or mapping_beside(file)
    if given is not None:
        return _Task(file, placed, mapping_in(given))
    found = await _suggested(sycee, placed, wishes)
    if found.open_points and not wishes.accept:
        show_suggestion(console, file, found)
        raise SuiteError(f"{file.name}: points are open: write the mapping with --suggest --output, or --accept it")
    return _Task(file, placed, found.mapping_yaml)


async def _suggested(sycee: SyceeClient, placed: str, wishes: _Wishes) -> SuggestMappingResponse:
    request = SuggestMappingRequest(path=placed, connector=wishes.connector)
    found: SuggestMappingResponse = await sycee.ingestion.SuggestMapping(request, timeout=SUGGEST_TIMEOUT_S)
    if wishes.merchant:
        found.mapping_yaml = found.mapping_yaml.replace(MERCHANT_TO_NAME, wishes.merchant)
        left = [point for point in found.open_points if "merchant.constant" not in point]
        del found.open_points[:]
        found.open_points.extend(left)
        for row in found.rows:
            if row.event.merchant_id == MERCHANT_TO_NAME:
                row.event.merchant_id = wishes.merchant
    return found
