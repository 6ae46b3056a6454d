"""`sycee score` runs the scoring service's own program, with its options and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sycee_cli.commands import score
from sycee_cli.main import app
from typer.testing import CliRunner

HEAD = "merchant_id,as_of,requested_amount_fen,term_months,monthly_net_12m_fen,monthly_net_3m_adjusted_fen"
MORE = "months_of_history,refund_rate_180d,weekly_net_fen"
ROW = "2026-11-24T04:00:00Z,4500000,12,9000000,9000000,30,0.05"


def test_hands_options_on_and_ends_with_the_programs_code(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], *, check: bool) -> subprocess.CompletedProcess[bytes]:
        seen.append(command)
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr(score.subprocess, "run", run)
    result = CliRunner().invoke(app, ["score", "--portfolio", "book.csv", "--help"])
    assert result.exit_code == 2
    assert seen == [[sys.executable, "-m", "sycee_scoring.batch", "--portfolio", "book.csv", "--help"]]


def test_without_the_service_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(score, "find_spec", lambda _: None)
    result = CliRunner().invoke(app, ["score", "--portfolio", "book.csv"])
    assert result.exit_code == 1
    assert "sycee-scoring is not installed" in result.stderr


def run_alone(*words: str) -> Any:
    """The command as a shell would run it."""
    command = [sys.executable, "-c", "from sycee_cli.main import app; app()", "score", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_book_is_scored(tmp_path: Path) -> None:
    weeks = ";".join(str(2_000_000 + 100_000 * (week % 3)) for week in range(104))
    rows = [f"shop-{number},{ROW},{weeks}" for number in range(3)]
    book, out = tmp_path / "book.csv", tmp_path / "scores.jsonl"
    book.write_text("\n".join((f"{HEAD},{MORE}", *rows, "")), encoding="utf-8")
    ended = run_alone("--portfolio", str(book), "--output", str(out), "--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["n"], told["unscorable"]) == (3, 0)
    scores = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["merchant_id"] for row in scores] == ["shop-0", "shop-1", "shop-2"]
    assert {row["score"] for row in scores} == {scores[0]["score"]}
    assert 300 <= scores[0]["score"] <= 850


def test_a_bad_book_is_one_line_and_code_two(tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    book.write_text("\n".join((f"{HEAD},{MORE}", f"shop,{ROW.replace(',12,', ',99,')},1", "")), encoding="utf-8")
    ended = run_alone("--portfolio", str(book))
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines()[-1].startswith("sycee score: column 'term_months', row 1: 99")
    assert ended.stdout == ""
