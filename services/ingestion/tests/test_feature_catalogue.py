"""What is said of the features, and that nobody changes one in silence."""

from __future__ import annotations

import hashlib
import re

import pytest
from feature_books import bits, book, features_of, made_up
from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.features.catalogue import DEFINITIONS, FEATURE_VERSION, NAMES, catalogue
from sycee_ingestion.features.definitions import Definition
from sycee_ingestion.features.frames import collect, compute
from sycee_ingestion.features.inputs import SCHEMAS

MOST_FEATURES = 512
"""As many as the contract lets a portrait hold."""


def test_there_are_enough_and_none_twice() -> None:
    assert 120 <= len(NAMES) == len(set(NAMES)) <= MOST_FEATURES
    assert [definition.name for definition in catalogue()] == sorted(NAMES)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=NAMES)
def test_a_definition_is_whole(definition: Definition) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", definition.name)
    assert definition.name.endswith(f"_{definition.unit}")
    assert definition.window_days >= 0
    assert set(definition.sources) <= {kind.event_type for kind in EventKind}
    said = re.findall(r"_(\d+)d_", definition.name)
    assert definition.window_days >= max(map(int, said), default=0)


@pytest.mark.parametrize("definition", DEFINITIONS, ids=NAMES)
def test_a_meaning_is_said_in_both_languages(definition: Definition) -> None:
    assert 40 <= len(definition.meaning_en) <= 600
    assert definition.meaning_en.endswith(".")
    assert not re.search(r"[{}]|  ", definition.meaning_en + definition.meaning_zh)
    assert re.search(r"[\u4e00-\u9fff]{4}", definition.meaning_zh)
    assert definition.meaning_zh.endswith("。")
    # When it is not known is part of what it means.
    assert "Null" in definition.meaning_en
    assert "空" in definition.meaning_zh


def test_all_is_missing_of_a_merchant_of_whom_nothing_is_known() -> None:
    assert set(features_of(book()).values()) == {None}


def test_every_feature_is_known_of_somebody() -> None:
    features, _ = collect(compute(made_up(3, 24)))
    assert [name for name in NAMES if features[name].is_null().all()] == []
    assert [name for name in NAMES if not features[name].is_finite().all()] == []


def test_days_are_read_as_they_are_stored() -> None:
    columns = set(SCHEMAS["days"]) - {"merchant_no", "day", "received_on", "followers_mark"}
    assert columns == set(DAY_SUMS)


PINNED = {"features-1": "35b82d07d4032c57", "features-2": "b51a300d235cb7e1"}
"""Of each version, a digest of what the features are and of what they give for a made-up book. A version that was ever
used keeps its line as it is: who changes a figure adds a version."""


def test_a_version_stands_for_its_figures() -> None:
    features, weeks = collect(compute(made_up(2026, 24)))
    columns, digest = bits(features), hashlib.sha256()
    for definition in catalogue():
        digest.update(f"{definition.name} {definition.unit} {definition.window_days}\n".encode())
        digest.update(columns[definition.name].to_numpy().tobytes())
    digest.update(repr(weeks.rows()).encode())
    assert digest.hexdigest()[:16] == PINNED[FEATURE_VERSION]
