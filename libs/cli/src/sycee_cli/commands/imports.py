"""`sycee import`: a file of events, read by a mapping."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sycee.ingestion.v1.ingestion_pb2 import Import, ImportFileRequest, WatchImportRequest
from sycee_client import SyceeClient

from sycee_cli.commands.options import State
from sycee_cli.session import Session, open_session, run
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder, find_folder, read_choices


def import_file(
    state: State,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .txt or .parquet")],
    mapping: Annotated[Path, typer.Option(metavar="YAML", help="How columns become event fields.")],
) -> None:
    """Read a file of events into ingestion. The same file and mapping again count nothing twice."""
    folder = find_folder(state)
    session = open_session(folder)
    console = Console()
    try:
        mapping_yaml = mapping.read_text()
        placed = place(folder, file)
    except OSError as error:
        raise SuiteError(f"{error.filename} cannot be read: {error.strerror}") from error
    ended = run(_follow(session, placed, mapping_yaml, console))
    rows = f"{ended.accepted_count:,} stored, {ended.duplicate_count:,} there before, {ended.reject_count:,} not taken"
    console.print(f"{ended.row_count:,} rows: {rows}", highlight=False)
    for reject in ended.first_rejects:
        console.print(f"  row {reject.index}: {reject.reason} {reject.field} {reject.description}", highlight=False)
    if ended.state != Import.STATE_DONE:
        raise SuiteError(f"the import stopped: {ended.error}")


def place(folder: StateFolder, file: Path) -> str:
    """Puts a file where ingestion may read it, under a name of its content's own; the path below the import root."""
    choices = read_choices(folder)
    root = Path(choices.import_root) if choices is not None and choices.import_root else folder.imports
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    name = f"{digest[:16]}{file.suffix.lower()}"
    if not (root / name).exists():
        shutil.copyfile(file, root / f".{name}.part")
        (root / f".{name}.part").replace(root / name)
    return name


async def import_placed(sycee: SyceeClient, placed: str, mapping_yaml: str, bar: Progress) -> Import:
    """Has ingestion read a placed file, showing how far it is; how it ended."""
    mapped = hashlib.sha256(mapping_yaml.encode()).hexdigest()[:16]
    request = ImportFileRequest(request_id=f"import-{placed}-{mapped}", path=placed, mapping_yaml=mapping_yaml)
    seen = (await sycee.ingestion.ImportFile(request)).file_import
    task = bar.add_task("importing", total=None)
    async for answer in sycee.ingestion.WatchImport(WatchImportRequest(import_id=seen.import_id)):
        seen = answer.file_import
        bar.update(task, total=seen.row_count or None, completed=seen.done_count)
    return seen


async def _follow(session: Session, placed: str, mapping_yaml: str, console: Console) -> Import:
    with bar_of_rows(console) as bar:
        async with session.client() as sycee:
            return await import_placed(sycee, placed, mapping_yaml, bar)


def bar_of_rows(console: Console) -> Progress:
    """A progress bar that counts."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
