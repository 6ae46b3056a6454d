"""The word lists and how words are found."""

from __future__ import annotations

import pytest
from sycee_ingestion.reading import clauses, phrases, topics
from sycee_ingestion.reading.clauses import FEATURES, LEAST, SIGNS, features, is_denied, opinion, praise_made_plain
from sycee_ingestion.reading.phrases import Phrases


def test_the_longest_word_at_a_place_counts_and_none_within_another() -> None:
    words = Phrases({"好": 1, "好吃": 2, "不好": 3, "吃": 4})
    assert words.find("好吃不好好吃吃") == [(0, 2), (2, 3), (4, 2), (6, 4)]
    assert words.find("好") == [(0, 1)]
    assert words.find("") == []


def test_the_lists_are_read_whole() -> None:
    assert len(clauses.polarity()) > 3_000
    assert len(topics.topic_words()) > 600
    assert all(
        word == word.lower() and " " not in word
        for words in (clauses.polarity(), topics.topic_words())
        for word in words
    )


@pytest.mark.parametrize(
    ("listed", "message"),
    [([("2", ["好"]), ("-1", ["好"])], "twice"), ([("7", ["好"])], "no strength 7"), ([("good", ["好"])], "good")],
)
def test_a_spoilt_list_of_polarity_is_refused(
    monkeypatch: pytest.MonkeyPatch, listed: list[tuple[str, list[str]]], message: str
) -> None:
    monkeypatch.setattr(clauses, "sections", lambda _: listed)
    with pytest.raises(ValueError, match=message):
        clauses.polarity.__wrapped__()


@pytest.mark.parametrize(
    ("listed", "message"), [([("taste", ["好"])], "taste"), ([("price", ["贵"]), ("price -", ["贵"])], "twice")]
)
def test_a_spoilt_list_of_topics_is_refused(
    monkeypatch: pytest.MonkeyPatch, listed: list[tuple[str, list[str]]], message: str
) -> None:
    monkeypatch.setattr(topics, "sections", lambda _: listed)
    with pytest.raises(ValueError, match=message):
        topics.topic_words.__wrapped__()


def test_sections_are_read_and_a_word_before_them_is_refused() -> None:
    assert phrases.sections("polarity.txt")[0][0] == "+3"
    assert {heading for heading, _ in phrases.sections("polarity.txt")} == {"+3", "+2", "+1", "-1", "-2", "0"}


@pytest.mark.parametrize(
    ("text", "word", "denied"),
    [
        ("不新鲜", "新鲜", True),
        ("没有假货", "假货", True),
        ("没有什么问题", "问题", True),
        ("一点也不觉得贵", "贵", True),
        ("特别新鲜", "新鲜", False),
        ("不得不佩服", "佩服", False),
        ("新鲜", "新鲜", False),
        ("不管怎样很新鲜", "新鲜", False),
    ],
)
def test_denials_stand_right_before_what_they_deny(text: str, word: str, denied: bool) -> None:
    assert is_denied(text, text.index(word)) is denied


def test_clauses_break_at_stops_and_at_contrasts() -> None:
    said = opinion("味道很好,但是送餐太慢。一般")
    assert [clause.text for clause in said.clauses] == ["味道很好", "送餐太慢", "一般"]
    assert [clause.turns for clause in said.clauses] == [False, True, False]
    assert [clause.aside for clause in opinion("很好就是贵").clauses] == [False, True]
    assert [clause.score > 0 for clause in said.clauses] == [True, False, False]


def test_praise_by_denial_is_made_plain_and_blame_is_not() -> None:
    assert praise_made_plain("没有破损,不贵,不透气,没有送") == "不错,不错,不透气,没有送"


def test_every_sign_and_least_weight_is_of_a_feature() -> None:
    assert SIGNS.keys() <= set(FEATURES)
    assert all(SIGNS[name] for name in LEAST)


@pytest.mark.parametrize("text", ["", ",", "好吃,不贵,但是太慢", "怎么没有送"])
def test_every_text_has_every_feature(text: str) -> None:
    assert len(features(opinion(text))) == len(FEATURES)
