"""What the reader says of texts: obvious ones in many trades, and anything at all without failing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_lines import lines
from sycee_ingestion.reading import READER_VERSION, Reader, Reading
from sycee_ingestion.reading.characters import LONGEST_TEXT

READER = Reader()

GOOD = (
    "味道很好，送餐也快，下次还点",
    "骑手小哥下大雨还准时送到，辛苦了",
    "分量足，好吃不贵",
    "衣服面料柔软，穿着舒服，没有色差",
    "手机运行流畅，拍照清晰，很满意",
    "苹果又脆又甜，一个坏的都没有",
    "洗完头发很顺滑，味道好闻",
    "房间干净，前台热情，离地铁近",
    "这本书内容丰富，值得一读",
    "热水器加热快，安装师傅很专业",
    "一点也不贵，推荐购买",
    "没有异味，没有破损，包装完好",
    "物流很快，包裝完好，賣家態度很好",
    "好吃👍👍",
)
BAD = (
    "太难吃了，肉是馊的",
    "等了两个小时才送到，饭都凉了",
    "汤全洒了，联系商家没人理",
    "量少得可怜，根本吃不饱",
    "衣服掉色起球，质量太差",
    "手机用了三天就死机，客服不给退",
    "苹果烂了一半，太失望了",
    "洗完头皮发痒，肯定是假货",
    "房间又脏又吵，再也不会来了",
    "内容空洞，错别字连篇，浪费钱",
    "安装师傅乱收费，态度恶劣",
    "不好吃，也不新鲜",
    "没有想象中的好，不推荐",
    "質量很差，用兩天就壞了，客服不理人",
    "😡😡差评",
)


@pytest.mark.parametrize("text", GOOD)
def test_praise_is_read_as_good(text: str) -> None:
    assert _sentiment(text) > 550


@pytest.mark.parametrize("text", BAD)
def test_blame_is_read_as_bad(text: str) -> None:
    assert _sentiment(text) < 450


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("好吃", "不好吃"),
        ("东西不贵", "东西很贵"),
        ("没有破损", "有破损"),
        ("很快就送到了", "很久才送到"),
        ("特别好吃", "别提多难吃"),
        ("不得不说很好吃", "不得不说很难吃"),
    ],
)
def test_a_denial_and_a_contrast_turn_what_is_said(better: str, worse: str) -> None:
    assert _sentiment(better) > _sentiment(worse) + 30


@pytest.mark.parametrize(("one", "other"), [("味道差", "分量足"), ("送餐慢", "很好吃"), ("难吃", "便宜")])
def test_what_follows_a_contrast_weighs_more(one: str, other: str) -> None:
    assert _sentiment(f"{one}，但是{other}") > _sentiment(f"{other}，但是{one}") + 30


def test_labelled_lines_are_told_apart() -> None:
    signed = [line for line in lines() if line.good is not None]
    readings = READER.read([line.text for line in signed])
    right = sum(
        _known(reading) >= 500 if line.good else _known(reading) < 500
        for line, reading in zip(signed, readings, strict=True)
    )
    assert right / len(signed) >= 0.9


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("質量很好，賣家發貨快", "质量很好，卖家发货快"),
        ("ＯＫ，很好！！！！！！", "ok,很好!!"),
        ("1、房间很大", "房间很大"),
        ("太好吃了哈哈哈哈哈哈", "太好吃了哈哈"),
        ("很\u200b好", "很好"),
    ],
)
def test_what_only_looks_different_is_read_the_same(one: str, other: str) -> None:
    assert READER.read([one]) == READER.read([other])


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "！！！", "……", "12345", "\u200b", "\x00"])
def test_where_there_is_nothing_to_read_nothing_is_said(text: str) -> None:
    assert READER.read([text]) == [Reading(None, 0)]


def test_a_text_reads_the_same_alone_and_among_others() -> None:
    texts = [*GOOD, "", *BAD] * 30
    together = READER.read(texts)
    assert len(together) == len(texts)
    assert together == [reading for text in texts for reading in READER.read([text])]
    assert READER.read([]) == []


def test_what_follows_the_longest_text_is_left_out() -> None:
    longest = ("味道很好，分量也足。" * LONGEST_TEXT)[:LONGEST_TEXT]
    assert READER.read([longest + "太难吃了，假货" * 200_000]) == READER.read([longest])


@pytest.mark.parametrize("text", ["Delivered on Tuesday in a box", "Это было вчера", "とどきました", "zxcvb qwert"])
def test_other_languages_stay_near_the_middle(text: str) -> None:
    assert 300 <= _sentiment(text) <= 700


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec=None), max_size=60), max_size=4))
def test_anything_can_be_read(texts: list[str]) -> None:
    for reading in READER.read(texts):
        assert reading.sentiment_milli is None or 0 <= reading.sentiment_milli <= 1000
        assert reading.topics & ~0x7F7F == 0
        assert reading.topics >> 8 & ~reading.topics == 0


def test_a_version_stands_beside_what_is_read() -> None:
    assert READER.version == READER_VERSION >= 1


def _sentiment(text: str) -> int:
    return _known(READER.read([text])[0])


def _known(reading: Reading) -> int:
    assert reading.sentiment_milli is not None
    return reading.sentiment_milli
