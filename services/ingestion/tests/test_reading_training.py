"""Training on a small made-up corpus of the real one's form."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from sycee_ingestion.reading import artefact, corpus, splitting, training
from sycee_ingestion.reading.artefact import word_list_sha256
from sycee_ingestion.reading.corpus import CorpusError

TRADES = {"books": "小说", "hotels": "酒店", "computers": "键盘"}


def write_corpus(folder: Path, lines_a_side: int = 150) -> None:
    """Lines of random characters, a trade's word, and one that only good or only bad lines have; with repeats."""
    random = np.random.default_rng(5)
    for path, sign in ((corpus.GOOD_LINES, "甲乙"), (corpus.BAD_LINES, "丙丁")):
        lines = []
        for number in range(lines_a_side):
            word = list(TRADES.values())[number % 3]
            noise = "".join(chr(0x6000 + point) for point in random.integers(0, 300, 14))
            lines.append(f"{noise[:7]}{word}{noise[7:]}{sign}")
        lines += [lines[0] + "。", lines[1].replace(sign, f"，{sign}！"), ":)", "两边都有的一行"]
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("\n".join(lines), encoding="utf-8")
    (folder / corpus.SIMPLIFICATION).parent.mkdir(parents=True)
    (folder / corpus.SIMPLIFICATION).write_text("# 表\n書\t书\n乾\t干 乾\n著\t著 着\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    write_corpus(folder)
    digests = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in corpus.SHA256}
    monkeypatch.setattr(corpus, "SHA256", digests)
    return folder


def test_repeats_and_lines_on_both_sides_are_left_out(folder: Path) -> None:
    read = corpus.read(folder)
    assert (read.lines_read, read.repeated, read.in_both, read.without_letters) == (308, 4, 2, 2)
    assert len(read.texts) == len(set(read.texts)) == 300
    assert sum(read.good) == 150
    assert read.texts[0].endswith("甲乙")  # the first of its repeats


def test_traditional_characters_take_the_first_that_differs(folder: Path) -> None:
    assert corpus.simplified_characters(folder) == {"書": "书", "乾": "干"}


def test_training_is_deterministic_learns_and_loads(folder: Path, tmp_path: Path) -> None:
    for output in ("one", "other"):
        training.main(["--cache", str(folder), "--output", str(tmp_path / output)])
    content = (tmp_path / "one" / artefact.ARTEFACT).read_bytes()
    assert content == (tmp_path / "other" / artefact.ARTEFACT).read_bytes()
    told = json.loads((tmp_path / "one" / artefact.CARD).read_text(encoding="utf-8"))
    assert told["artefact_sha256"] == hashlib.sha256(content).hexdigest()
    assert told["model"]["word_list_sha256"] == word_list_sha256()
    assert told["data"]["lines"] == 300
    assert told["results"]["left_out_lines"]["auc"]["value"] > 0.95
    assert "| trade left out: hotels |" in (tmp_path / "one" / "sentiment.md").read_text(encoding="utf-8")
    assert artefact.load(tmp_path / "one" / artefact.ARTEFACT).simplified == {"書": "书", "乾": "干"}


def test_a_corpus_that_is_not_the_published_one_is_refused(folder: Path) -> None:
    corpus.fetch(folder)
    (folder / corpus.GOOD_LINES).write_text("不一样", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"pos\.txt has SHA-256"):
        corpus.fetch(folder)


def test_near_copies_share_a_group_and_never_part() -> None:
    texts = ["这家店的东西很好,下次还会再来买的", "这家店的东西很好,下次还会再来买", "房间很大,早餐也很丰富", "好"]
    groups = splitting.near_copies(texts)
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 3
    many = np.repeat(np.arange(500), 3)
    folds = splitting.folds(many, 5, seed=0)
    assert all(len(set(folds[many == group].tolist())) == 1 for group in range(500))
    assert np.bincount(folds).min() > 200
