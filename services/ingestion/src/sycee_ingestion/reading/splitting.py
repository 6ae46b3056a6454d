"""How the corpus is split to see what the model does with trades and lines that it has not met. Training only."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.naive_bayes import MultinomialNB  # type: ignore[import-untyped]

Integers = npt.NDArray[np.int64]

UNCLEAR: Final = -1
_SURE_FROM: Final = 0.9

SEEDS: Final[Mapping[str, str]] = {
    "books": "书|作者|阅读|小说|故事|文字|读了|读完|看完|翻译|当当|卓越|出版|情节|作品|文章|印刷|散文|文学|版本",
    "hotels": "酒店|房间|宾馆|前台|入住|早餐|服务员|大堂|住|标准间|标间|浴室|携程|退房|客房|总台|餐厅|饭店|毛巾"
    "|火车站|机场|打车|隔音",
    "computers": "本本|电脑|笔记本|屏幕|键盘|内存|硬盘|散热|系统|驱动|显卡|vista|xp|触摸板|机器|配置|京东|电池|光驱"
    "|cpu|摄像头|接口|usb|外观|性能|win|鼠标|风扇|烤漆|开机|hp|惠普|联想|华硕|蓝牙|预装",
}
"""Words by which lines of the corpus' three trades are told (judgement)."""

_SHINGLE: Final = 5  # characters
_BANDS, _ROWS = 8, 3
_ALIKE_FROM: Final = 0.5


def trades(texts: Sequence[str], runs: sparse.csr_matrix) -> Integers:
    """Each line's trade as an index into SEEDS, or UNCLEAR: by the words of SEEDS where those of one trade prevail; a
    naive Bayes on the runs of those lines then judges all of them. `runs` has a row a line."""
    counts = np.array([[len(re.findall(words, text)) for words in SEEDS.values()] for text in texts])
    ordered = np.sort(counts, axis=1)
    seeded = ordered[:, -1] > ordered[:, -2]
    judge = MultinomialNB().fit(runs[seeded], counts[seeded].argmax(axis=1))
    chances = judge.predict_proba(runs)
    return np.where(chances.max(axis=1) > _SURE_FROM, chances.argmax(axis=1), UNCLEAR).astype(np.int64)


def near_copies(texts: Sequence[str]) -> Integers:
    """A group number for each line: lines of which more than half of the runs of five characters agree (Jaccard) share
    one, and so do lines joined through others. Candidates come by MinHash bands (Broder 1997)."""
    shingles = [_shingles(text) for text in texts]
    parents = list(range(len(texts)))
    for lines in _bands(shingles).values():
        for one, other in pairwise(lines):
            if _jaccard(shingles[one], shingles[other]) >= _ALIKE_FROM:
                parents[_root(parents, other)] = _root(parents, one)
    return np.array([_root(parents, line) for line in range(len(texts))], dtype=np.int64)


def folds(groups: Integers, count: int, seed: int) -> Integers:
    """A fold for each line, the same for all of a group."""
    names, inverse = np.unique(groups, return_inverse=True)
    return np.random.default_rng(seed).integers(0, count, len(names))[inverse]


def _shingles(text: str) -> Integers:
    letters = re.sub(r"[\W_]+", "", text)
    runs = {letters[start : start + _SHINGLE] for start in range(max(1, len(letters) - _SHINGLE + 1))}
    return np.array(sorted(zlib.crc32(run.encode()) for run in runs), dtype=np.int64)


def _bands(shingles: Sequence[Integers]) -> dict[tuple[int, ...], list[int]]:
    random = np.random.default_rng(1)
    factors = random.integers(1, 1 << 31, (_BANDS * _ROWS, 1)) | 1
    offsets = random.integers(0, 1 << 31, (_BANDS * _ROWS, 1))
    lines: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for line, hashes in enumerate(shingles):
        least = ((hashes * factors + offsets) & 0x7FFF_FFFF).min(axis=1).tolist()
        for band in range(_BANDS):
            lines[band, *least[band * _ROWS : (band + 1) * _ROWS]].append(line)
    return lines


def _jaccard(one: Integers, other: Integers) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def _root(parents: list[int], line: int) -> int:
    while parents[line] != line:
        parents[line] = parents[parents[line]]
        line = parents[line]
    return line
