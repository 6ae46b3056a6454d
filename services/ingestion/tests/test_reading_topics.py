"""Topics and complaints, against lines labelled by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from reading_lines import Line, lines
from sycee_ingestion.reading import TOPICS, Reader
from sycee_ingestion.reading.topics import COMPLAINT_SHIFT, mask_of

READER = Reader()


def codes_of(mask: int) -> frozenset[str]:
    return frozenset(topic.code for bit, topic in enumerate(TOPICS) if mask >> bit & 1)


def read(text: str) -> tuple[frozenset[str], frozenset[str]]:
    mask = READER.read([text])[0].topics
    return codes_of(mask), codes_of(mask >> COMPLAINT_SHIFT)


def precision_and_recall(pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> tuple[float, float]:
    """Of (labelled, found) sets, over all topics together."""
    right = sum(len(labelled & found) for labelled, found in pairs)
    return right / sum(len(found) for _, found in pairs), right / sum(len(labelled) for labelled, _ in pairs)


def test_the_bits_are_in_the_agreed_order() -> None:
    assert [topic.code for topic in TOPICS] == [
        "quality", "counterfeit", "delivery", "service", "packaging", "safety", "price",
    ]  # fmt: skip
    assert mask_of(["quality", "price"]) == 0b1000001
    with pytest.raises(ValueError, match="colour"):
        mask_of(["colour"])


def test_there_are_enough_lines_of_every_topic() -> None:
    table = lines()
    assert len(table) >= 150
    assert len({line.text for line in table}) == len(table)
    for topic in TOPICS:
        assert sum(topic.code in line.spoken for line in table) >= 15
        assert sum(topic.code in line.complained for line in table) >= 8
    assert all(line.complained <= line.spoken for line in table)


@pytest.mark.parametrize(("part", "least"), [(0, (0.95, 0.95, 0.88, 0.93)), (1, (0.88, 0.94, 0.84, 0.92))])
def test_topics_are_found_and_complaints_told(part: int, least: tuple[float, ...]) -> None:
    """Part 1 was held out while the words were mended."""
    table: list[Line] = lines()[part::2]
    masks = [reading.topics for reading in READER.read([line.text for line in table])]
    spoken = precision_and_recall([(line.spoken, codes_of(mask)) for line, mask in zip(table, masks, strict=True)])
    complained = precision_and_recall(
        [(line.complained, codes_of(mask >> COMPLAINT_SHIFT)) for line, mask in zip(table, masks, strict=True)]
    )
    assert all(figure >= floor for figure, floor in zip((*spoken, *complained), least, strict=True)), (
        spoken,
        complained,
    )


@pytest.mark.parametrize(
    ("text", "spoken", "complained"),
    [
        ("质量不错，就是物流太慢", {"quality", "delivery"}, {"delivery"}),
        ("没有假货，放心", {"counterfeit"}, set()),
        ("东西是假货", {"counterfeit"}, {"counterfeit"}),
        ("价格不贵", {"price"}, set()),
        ("包装完好，没有洒", {"packaging"}, set()),
        ("吃完拉肚子", {"safety"}, {"safety"}),
        ("宝宝用了没有过敏", {"safety"}, set()),
        ("等了三个小时才送到", {"delivery"}, {"delivery"}),
        ("我很喜欢", set(), set()),
        ("懷疑是假貨", {"counterfeit"}, {"counterfeit"}),
    ],
)
def test_clause_by_clause(text: str, spoken: set[str], complained: set[str]) -> None:
    assert read(text) == (spoken, complained)


def test_a_clause_without_opinion_takes_that_of_a_bad_review() -> None:
    assert "delivery" in read("快递盒在门口，垃圾")[1]
    assert "delivery" not in read("快递盒在门口，喜欢")[1]
