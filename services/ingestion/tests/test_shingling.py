"""Sketches of reviews and the groups of their near-copies."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_ingestion.brushing.shingling import HASHES, SKETCH_BYTES, copy_groups, sketches

PRAISE = "宝贝收到了,音质非常好,和描述的一模一样,卖家服务态度超级好,物流也很快,推荐大家购买"
OTHERS = (
    "封面有压痕,第三首开头有杂音,不过老歌新唱别有味道,周末在家听了一整天",
    "等了好久终于降价,给我爸买的他天天放,歌词本印得比实体店的还清楚",
    "The second disc skips near the end, but support answered within an hour and sent another one.",
    "Bought it for a friend's birthday; he says the remaster sounds thinner than his old vinyl copy.",
)


def together(*texts: str) -> list[int]:
    """The groups of the texts."""
    return copy_groups(sketches(texts)).tolist()


@pytest.mark.parametrize(
    "copy",
    [
        PRAISE,
        PRAISE.replace("推荐大家购买", "推荐购买哦"),
        PRAISE.replace("非常好", "特别好").replace("超级好", "很好"),
        "宝贝收到了!音质非常好!!和描述的一模一样~ 卖家服务态度超级好👍 物流也很快,推荐大家购买😊",
        PRAISE + ",还会再来",
    ],
)
def test_a_copy_with_small_edits_is_found(copy: str) -> None:
    first, *others, copied = together(PRAISE, *OTHERS, copy)
    assert copied == first
    assert first not in others


def test_a_copy_in_a_spelt_script_is_found_whatever_its_case_and_width() -> None:
    text = OTHERS[2]
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text.upper())
    assert len(set(together(text, wide, text.replace("hour", "day")))) == 1


def test_different_texts_are_groups_of_their_own() -> None:
    assert len(set(together(PRAISE, *OTHERS))) == 1 + len(OTHERS)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "好评",
        "质量很好,物流很快,很满意!",  # fifteen characters that anybody may write
        "👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍",
        "凑字数凑字数凑字数凑字数凑字数凑字数凑字数",
        "Good quality, fast delivery, thanks!",
        "此用户没有填写评价,系统默认给出好评,感谢您的支持与信任",
        "该用户觉得商品非常好,给出5星好评,没有填写其他内容",
        "评价方未及时做出评价,系统默认好评!评价方未及时做出评价",
    ],
)
def test_what_says_nothing_has_no_sketch(text: str | None) -> None:
    assert sketches([text]) == [None]
    assert copy_groups([None]).tolist() == [-1]


def test_a_sketch_is_the_same_in_every_process_and_in_every_batch() -> None:
    texts = [PRAISE, *OTHERS]
    together_made = sketches(texts)
    assert together_made == [sketches([text])[0] for text in texts]
    assert all(sketch is not None and len(sketch) == SKETCH_BYTES for sketch in together_made)
    digest = hashlib.sha256(b"".join(sketch for sketch in together_made if sketch)).hexdigest()
    assert (
        digest == "ef305707eb47a9326a0ee0e69b70970e55929cfa12d8922aafc48fc4b6e02925"
    )  # stored sketches are compared with new ones: a change here breaks them


def test_sketches_agree_as_far_as_the_texts_share_shingles() -> None:
    rng = np.random.default_rng(1)
    letters = [chr(0x4E00 + int(each)) for each in rng.integers(0, 5_000, 400)]
    errors = []
    for cut in range(20, 380, 20):
        # Two texts that share the middle of a long one.
        left, right = "".join(letters[: cut + 20]), "".join(letters[cut // 3 :])
        a, b = ({text[at : at + 3] for at in range(len(text) - 2)} for text in (left, right))
        agree = np.mean(
            [np.frombuffer(x, ">u4") for x in sketches([left])] == np.frombuffer(sketches([right])[0], ">u4")
        )
        errors.append(agree - len(a & b) / len(a | b))
    assert np.abs(errors).max() <= 4 * 0.5 / np.sqrt(HASHES)
    assert abs(np.mean(errors)) <= 0.08


@given(st.permutations(range(12)))
def test_groups_do_not_depend_on_the_order_of_the_reviews(order: list[int]) -> None:
    texts = [PRAISE, PRAISE + "哦", *OTHERS, OTHERS[0] + "了", "好评", OTHERS[1], PRAISE, OTHERS[3], None]
    assert len(texts) == 12
    groups = copy_groups(sketches(texts))
    assert copy_groups(sketches([texts[at] for at in order])).tolist() == groups[order].tolist()


def test_a_crowd_of_equal_reviews_is_one_group() -> None:
    groups = copy_groups(sketches([PRAISE] * 3_000 + [OTHERS[0]]))
    assert len(set(groups[:3_000].tolist())) == 1
    assert groups[3_000] != groups[0]


@given(st.lists(st.text(max_size=80)))
def test_any_text_is_taken(texts: list[str]) -> None:
    made = sketches(texts)
    assert len(made) == len(texts)
    assert copy_groups(made).shape == (len(texts),)


def test_a_sketch_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="128 bytes"):
        copy_groups([b"\0" * 12])
