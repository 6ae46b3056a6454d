"""Having ingestion read placed files, and watching it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sycee.ingestion.v1.ingestion_pb2 import GetImportRequest, Import, ImportFileRequest, WatchImportRequest
from sycee_client import SyceeClient

_MOST_AGAIN = 100


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended, and the seconds that it took as seen from here."""

    file: Import
    seconds: float

    @property
    def skipped_count(self) -> int:
        """Rows that the mapping leaves out, or whose merchant was erased: rejected and not held."""
        return self.file.reject_count - self.file.held_count


async def import_placed(
    sycee: SyceeClient, placed: str, mapping_yaml: str, bar: Progress, name: str = "importing"
) -> Import:
    """Has ingestion read a placed file, showing how far it is; how it ended. The same again is the same import."""
    return await _followed(sycee, _request(placed, mapping_yaml, 0), bar, name)


async def import_again(sycee: SyceeClient, placed: str, mapping_yaml: str, bar: Progress, name: str) -> Imported:
    """As `import_placed`; one that has ended before is done once more, one that runs still is joined."""
    asked_at, began = datetime.now(UTC), time.perf_counter()
    for time_around in range(_MOST_AGAIN):
        request = _request(placed, mapping_yaml, time_around)
        begun = (await sycee.ingestion.ImportFile(request)).file_import
        now = (await sycee.ingestion.GetImport(GetImportRequest(import_id=begun.import_id))).file_import
        if now.state == Import.STATE_RUNNING or now.created_at.ToDatetime(UTC) >= asked_at:
            break
    return Imported(await _followed(sycee, request, bar, name), time.perf_counter() - began)


async def _followed(sycee: SyceeClient, request: ImportFileRequest, bar: Progress, name: str) -> Import:
    seen = (await sycee.ingestion.ImportFile(request)).file_import
    task = bar.add_task(name, total=None)
    async for answer in sycee.ingestion.WatchImport(WatchImportRequest(import_id=seen.import_id)):
        seen = answer.file_import
        bar.update(task, total=seen.row_count or None, completed=seen.done_count)
    return seen


def _request(placed: str, mapping_yaml: str, time_around: int) -> ImportFileRequest:
    named = hashlib.sha256(f"{placed}\x00{mapping_yaml}".encode()).hexdigest()[:32]
    request_id = f"import-{named}" if time_around == 0 else f"import-{named}-{time_around}"
    return ImportFileRequest(request_id=request_id, path=placed, mapping_yaml=mapping_yaml)


def bar_of_rows(console: Console) -> Progress:
    """A progress bar that counts."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
