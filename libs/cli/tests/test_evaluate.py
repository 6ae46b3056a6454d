"""`sycee eval` runs what services register, with their own options and exit codes."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest
from sycee_cli.commands import evaluate
from sycee_cli.main import app
from typer.testing import CliRunner

SEEN: list[list[str]] = []


def sample(arguments: list[str]) -> int:
    """Measure the sample.

    Nothing more is shown of this.
    """
    SEEN.append(arguments)
    return 3


@pytest.fixture(autouse=True)
def one_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("sample", f"{__name__}:sample", evaluate.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: sample)
    monkeypatch.setattr(evaluate, "entry_points", lambda group: EntryPoints([entry] if group == evaluate.GROUP else []))
    SEEN.clear()


def test_hands_options_on_and_ends_with_its_code() -> None:
    result = CliRunner().invoke(app, ["eval", "sample", "--json", "--file", "a.csv", "--help"])
    assert result.exit_code == 3
    assert SEEN == [["--json", "--file", "a.csv", "--help"]]


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_lists_what_there_is(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["eval", *arguments])
    assert result.exit_code == 0
    assert "sample" in result.output
    assert "Measure the sample." in result.output
    assert "Nothing more" not in result.output
    assert SEEN == []


def test_an_unknown_one_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    result = CliRunner().invoke(app, ["eval", "nothing"])
    assert result.exit_code == 1
    assert "no evaluation 'nothing': there is sample" in result.stderr
    assert SEEN == []
