"""The model's file that comes with the package: small, what its card says, and refused where it does not fit."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sycee_ingestion.reading import READER_VERSION, artefact, card
from sycee_ingestion.reading.artefact import ArtefactError

PACKAGE = files("sycee_ingestion.reading")


def test_the_card_tells_of_this_artefact_and_this_word_list() -> None:
    content = PACKAGE.joinpath(artefact.ARTEFACT).read_bytes()
    told = json.loads(PACKAGE.joinpath(artefact.CARD).read_text(encoding="utf-8"))
    assert told["artefact_sha256"] == hashlib.sha256(content).hexdigest()
    assert told["artefact_bytes"] == len(content) < 1_500_000
    assert told["reader_version"] == READER_VERSION
    assert told["model"]["word_list_sha256"] == artefact.word_list_sha256()
    assert told["model"]["known_runs"] == len(artefact.load().gram_buckets)
    assert PACKAGE.joinpath("sentiment.md").read_text(encoding="utf-8") == card.render(told)


def test_trades_left_out_are_told_better_than_by_a_bare_model() -> None:
    results = json.loads(PACKAGE.joinpath(artefact.CARD).read_text(encoding="utf-8"))["results"]
    for entry in (*results["left_out_trades"].values(), results["left_out_lines"]):
        assert entry["auc"]["interval_95"][0] > entry["bare"]["auc"]


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    model = artefact.load()
    artefact.save(model, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == PACKAGE.joinpath(artefact.ARTEFACT).read_bytes()
    again = artefact.load(tmp_path / "again.npz")
    assert again.simplified == model.simplified
    assert np.array_equal(again.gram_buckets, model.gram_buckets)
    assert np.count_nonzero(again.gram_table()) == len(model.gram_buckets)


@pytest.mark.parametrize(("array", "message"), [("word_list", "another polarity.txt"), ("weights", "other features")])
def test_a_model_that_does_not_fit_is_refused(tmp_path: Path, array: str, message: str) -> None:
    with np.load(str(PACKAGE.joinpath(artefact.ARTEFACT)), allow_pickle=False) as arrays:
        spoilt = {name: arrays[name][:-1] if name == array else arrays[name] for name in arrays.files}
    np.savez_compressed(tmp_path / "spoilt.npz", **spoilt)
    with pytest.raises(ArtefactError, match=message):
        artefact.load(tmp_path / "spoilt.npz")
