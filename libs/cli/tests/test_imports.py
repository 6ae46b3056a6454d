"""`sycee import`: where a file is put, and what is said when it cannot be read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from sycee_cli.commands.imports import place
from sycee_cli.main import app
from sycee_cli.suite.folder import StateFolder, write_choices
from sycee_cli.suite.plan import Wishes, settle
from typer.testing import CliRunner


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "Orders.CSV"
    made.write_text("a,b\n1,2\n")
    return made


def test_a_file_is_placed_once_under_the_name_of_its_content(folder: StateFolder, file: Path) -> None:
    name = place(folder, file)
    assert name == f"{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}.csv"
    assert (folder.imports / name).read_text() == "a,b\n1,2\n"
    assert place(folder, file) == name
    assert [path.name for path in folder.imports.iterdir()] == [name]


def test_the_import_root_of_the_suite_is_where_it_goes(folder: StateFolder, file: Path, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    write_choices(folder, replace(settle(folder, Wishes()), import_root=str(root)))
    assert (root / place(folder, file)).exists()
    assert not list(folder.imports.iterdir())


def test_without_a_suite_it_says_so(tmp_path: Path, file: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(file), "--mapping", str(file), "--state", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "there is no suite" in done.output
