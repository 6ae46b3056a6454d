"""`sycee import`: which files, by which mapping, how they are followed, and what is shown of them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee.ingestion.v1.ingestion_pb2 import Import, SuggestMappingResponse
from sycee_cli.commands.imports import MERCHANT_TO_NAME, import_placed, place
from sycee_cli.importing.following import Imported, bar_of_rows, import_again
from sycee_cli.importing.placing import gathered, mapping_beside, mapping_in
from sycee_cli.importing.showing import show_imports, show_suggestion
from sycee_cli.main import app
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder, write_choices
from sycee_cli.suite.plan import Wishes, settle
from sycee_ingestion.connectors import proposing
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.testing import postgres_server, postgres_url, running, shared_nats_url  # noqa: F401 - fixtures
from typer.testing import CliRunner

MAPPING = """
source: shop
merchant: {constant: m-1, register: {borrower_kind: ENTERPRISE}}
occurred_at: {column: day}
events: [{kind: order, fields: {amount: {column: paid}}}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "Orders 三月.CSV"
    made.write_text("day,paid\n2026-01-01,2\n2026-01-02,x\n")
    return made


def test_a_file_is_placed_once_under_the_name_of_its_content(folder: StateFolder, file: Path) -> None:
    name = place(folder, file)
    assert name == f"{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}-Orders.csv"
    assert (folder.imports / name).read_bytes() == file.read_bytes()
    assert place(folder, file) == name
    assert [path.name for path in folder.imports.iterdir()] == [name]


def test_the_import_root_of_the_suite_is_where_it_goes(folder: StateFolder, file: Path, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    write_choices(folder, replace(settle(folder, Wishes()), import_root=str(root)))
    assert (root / place(folder, file)).exists()
    assert not list(folder.imports.iterdir())


def test_folders_give_the_files_in_them_that_are_read(tmp_path: Path, file: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("b.parquet", "a.jsonl", "a.yaml", "notes.md"):
        (inside / name).write_text("")
    assert gathered([file, inside]) == [file, inside / "a.jsonl", inside / "b.parquet"]
    assert mapping_beside(inside / "a.jsonl") == inside / "a.yaml"
    assert mapping_beside(file) is None
    (inside / "empty").mkdir()
    for nothing in (tmp_path / "none.csv", inside / "empty"):
        with pytest.raises(SuiteError):
            gathered([nothing])
    (inside / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(SuiteError, match="UTF-8"):
        mapping_in(inside / "a.yaml")


def test_without_a_suite_it_says_so(tmp_path: Path, file: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(file), "--mapping", str(file), "--state", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "there is no suite" in done.output


def shown(show: Any, *arguments: object) -> str:
    console = Console(file=io.StringIO(), width=160)
    show(console, *arguments)
    text: str = console.file.getvalue()  # type: ignore[attr-defined] # a StringIO
    return text


def test_what_became_of_files_is_added_up() -> None:
    one = Import(
        connector="table", done_count=10, accepted_count=5, duplicate_count=1, reject_count=4, held_count=3, path="x"
    )
    one.first_rejects.add(index=2, reason="SKIPPED_BY_MAPPING")
    one.first_rejects.add(index=3, reason="INVALID_FIELD", field="order.amount", description="must be [a number]")
    text = shown(show_imports, [(Path("a.csv"), Imported(one, 2.0)), (Path("b.csv"), Imported(one, 0.5))])
    assert "a.csv     table        10         5           1     3        1      2.0       5" in text
    assert "together               20        10           2     6        2      2.5       8" in text
    assert "a.csv: row 3: INVALID_FIELD order.amount: must be [a number]" in text
    assert "a.csv: and 2 rows more are held" in text
    assert "row 2" not in text


def test_a_suggestion_shows_rows_and_open_points() -> None:
    found = SuggestMappingResponse(connector="orders", mapping_yaml="source: [a]\n", open_points=["say [who]"])
    event = found.rows.add(index=0).event
    event.merchant_id, event.revision = "m-1", 2
    event.occurred_at.FromJsonString("2026-03-01T16:30:00Z")
    event.order.amount.units, event.order.buyer_id = 1_234, "b" * 40
    report = found.rows.add(index=1).event.bureau_report
    report.report_date.year, report.report_date.month, report.report_date.day = 2026, 3, 1
    report.accounts.add(kind="KIND_LOAN")
    found.rows.add(index=2).event.shipment.origin.latitude = 30.25
    found.rows.add(index=3).event.invoice.direction = 1
    found.rows.add(index=4).reject.reason = "INVALID_FIELD"
    text = shown(show_suggestion, Path("a.csv"), found)
    for told in (
        "source: [a]",
        "open  say [who]",
        "2026-03-02 00:30:00",
        "revision=2 buyer_id=bbbbbbbbbbbbbbbbbbbbbbb… amount=1,234.00",
        "report_date=2026-03-01 accounts=[1]",
        "origin={latitude=30.25}",
        "direction=SALE",
        "INVALID_FIELD",
    ):
        assert told in text, text


def test_both_sides_call_a_merchant_that_nobody_named_the_same() -> None:
    assert MERCHANT_TO_NAME == proposing.MERCHANT_TO_NAME


async def test_a_file_is_followed_to_its_end_and_the_same_again_is_all_there(
    postgres_url: str,  # noqa: F811
    shared_nats_url: str,  # noqa: F811
    folder: StateFolder,
    file: Path,
) -> None:
    key = folder.root / "data.key"
    key.write_bytes(bytes(range(32)))
    settings = Settings(
        database_url=postgres_url,
        nats_url=shared_nats_url,
        data_key_file=key,
        import_root=folder.imports,
        import_poll_ms=20,
        watch_interval_ms=10,
    )
    async with running(settings, build, peer="operator") as channel:
        sycee: Any = SimpleNamespace(ingestion=ingestion_pb2_grpc.IngestionServiceStub(channel))
        placed = place(folder, file)
        with bar_of_rows(Console(file=io.StringIO())) as bar:
            first = await import_again(sycee, placed, MAPPING, bar, "a")
            same = await import_placed(sycee, placed, MAPPING, bar)
            again = await import_again(sycee, placed, MAPPING, bar, "a")
    assert (first.file.state, first.file.accepted_count, first.file.held_count) == (Import.STATE_DONE, 1, 1)
    assert same == first.file
    assert again.file.import_id != first.file.import_id
    assert (again.file.accepted_count, again.file.duplicate_count) == (0, 1)
    assert first.seconds > 0
    assert isinstance(first.file, ingestion_pb2.Import)
