"""What `sycee bench` runs inside one process works and says what it measured."""

from __future__ import annotations

import json

import pytest
from sycee_scoring.batch import sample, speed
from sycee_service.interceptors.validation import violations


def test_a_made_up_book_is_the_same_for_the_same_seed() -> None:
    book = sample.made_up(50, seed=4)
    assert book.equals(sample.made_up(50, seed=4))
    assert not book.equals(sample.made_up(50, seed=5))
    assert book["weekly_net_fen"].list.len().unique().to_list() == [104]
    assert sample.numbers_of(book).null_count().sum_horizontal().item() == 0


def test_the_request_that_is_timed_keeps_its_contract() -> None:
    assert violations(speed.request()) == []


def test_three_lines_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"ROWS": 1_000, "TRAINED_ON": 500, "TREES": 10, "REPEATS": 1, "CALLS": 20}.items():
        monkeypatch.setattr(speed, name, value)
    assert speed.main() == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == ["score_handler_p50_ms", "batch_score_per_s", "batch_score_vs_lightgbm"]
    assert all(line["value"] > 0.0 and line["unit"] for line in lines)
