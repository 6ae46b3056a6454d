"""Labels and their values on a form, by where they stand: "名      称   杭州……" with more lines of the value below.

Text comes in lines that join what belongs apart ("所广州市" ends one label and begins its value) and part what belongs
together ("名" and "称"). So lines are cut into words at their blanks, words are put into rows, labels are looked for
from each word of a row onwards, and whatever is not a label belongs to the label whose column and rows it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from sycee_ingestion.documents.model import Box, around
from sycee_ingestion.documents.ocr import Line

FUZZY_CHARACTERS = 4
"""Labels of at least so many characters are taken with one of them misread."""

FUZZY_SURENESS = 0.9

HALF_SURENESS = 0.8
"""Of a label of two characters of which only one was read, told by its place in the column of labels."""

_WIDEST_LABEL_GAP = 9.0  # between the characters of a spread label, in heights of a character
_WIDEST_LINE_GAP = 1.2  # between the lines of a value, in heights of a line
_WIDEST_WORD_GAP = 2.0  # between the words of one line of a value, in heights
_WIDEST_BLANK = 6.0  # between parts of one value in one row, in heights
_COLUMN_SLACK = 0.6  # how far a value's later lines may begin left of its first, in heights
_COLUMN_SHAPE = 1.4  # times as high as wide: a column of characters
_LATIN_WIDTH = 0.55  # of a Latin letter, as a share of a Chinese character


@dataclass(frozen=True, slots=True, repr=False)
class Word:
    """A run of text without blanks. `box` is level, `place` in the picture's own coordinates (see `ocr.Line`)."""

    text: str
    score: float
    box: Box
    place: Box


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A label that was found and the words of its value, in reading order; `rows` groups them by line."""

    key: str
    label: Box
    sureness: float  # 1 where the label stood as it should
    rows: tuple[tuple[Word, ...], ...]

    @property
    def text(self) -> str:
        """The value without blanks."""
        return "".join(word.text for row in self.rows for word in row)

    @property
    def score(self) -> float:
        """The least score of the value's words; 0 where it has none."""
        return min((word.score for row in self.rows for word in row), default=0.0) * self.sureness

    @property
    def place(self) -> Box | None:
        """Where the value stands; None where it has none."""
        places = [word.place for row in self.rows for word in row]
        return around(places) if places else None


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a form: what they mean by how they read, and those that may follow a value without a gap.

    A meaning that is empty is that of words that are no label and no value (footers): they end what is above them.
    """

    meanings: Mapping[str, str]
    inline: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class _Anchor:
    key: str
    box: Box
    sureness: float
    row: int


def words_of(lines: Sequence[Line]) -> list[Word]:
    """Lines cut at their blanks; where the parts stand is told by the widths of their characters.

    A column of characters, as the first ones of spread labels below each other are taken for, is cut into its rows.
    """
    found: list[Word] = []
    for line in lines:
        if len(line.text) > 1 and line.box.height > _COLUMN_SHAPE * line.box.width:
            found += _column(line)
            continue
        total = _width(line.text)
        at = 0
        for text in line.text.split():
            begin = line.text.index(text, at)
            at = begin + len(text)
            shares = _width(line.text[:begin]) / total, _width(line.text[:at]) / total
            found.append(Word(text, line.score, _slice(line.box, *shares), _slice(line.place, *shares)))
    return found


def _column(line: Line) -> list[Word]:
    """The characters of a column, each a word."""
    characters = line.text.replace(" ", "")
    count = len(characters)
    return [
        Word(
            each,
            line.score,
            _layer(line.box, n / count, (n + 1) / count),
            _layer(line.place, n / count, (n + 1) / count),
        )
        for n, each in enumerate(characters)
    ]


def rows_of(words: Sequence[Word]) -> list[list[Word]]:
    """Words by row from the top, each row from the left."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda each: each.box.middle):
        row = next((row for row in reversed(rows[-3:]) if _same_row(row, word)), None)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    for row in rows:
        row.sort(key=lambda each: each.box.left)
    return rows


def entries(lines: Sequence[Line], labels: Labels) -> list[Entry]:
    """The labels of a form with their values; of a label that stands more than once, the first."""
    rows = rows_of(words_of(lines))
    anchors: list[_Anchor] = []
    rest: list[tuple[int, Word]] = []
    for index, row in enumerate(rows):
        found, left = _cut(row, index, labels)
        anchors += found
        rest += [(index, word) for word in left]
    halves, rest = _halves(anchors, rest, labels)
    return _assigned(anchors + halves, rest)


def split_word(word: Word, at: int) -> tuple[Word, Word]:
    """A word as two, cut before its character `at`."""
    share = _width(word.text[:at]) / _width(word.text)
    return (
        replace(word, text=word.text[:at], box=_slice(word.box, 0, share), place=_slice(word.place, 0, share)),
        replace(word, text=word.text[at:], box=_slice(word.box, share, 1), place=_slice(word.place, share, 1)),
    )


def _cut(row: Sequence[Word], index: int, labels: Labels) -> tuple[list[_Anchor], list[Word]]:
    """The labels of a row, and the words that are left."""
    waiting, anchors, left = list(row), [], []
    while waiting:
        match = _label_at(waiting, labels)
        if match is None:
            word = waiting.pop(0)
            at = _inline_at(word, labels)
            if at:
                word, tail = split_word(word, at)
                waiting.insert(0, tail)
            left.append(word)
            continue
        key, sureness, count, rest = match
        used = waiting[:count]
        if rest:
            head, tail = split_word(used[-1], len(used[-1].text) - rest)
            used[-1] = head
            waiting[:count] = [tail]
        else:
            del waiting[:count]
        anchors.append(_Anchor(key, around(word.box for word in used), sureness, index))
    return anchors, left


def _halves(
    anchors: Sequence[_Anchor], rest: Sequence[tuple[int, Word]], labels: Labels
) -> tuple[list[_Anchor], list[tuple[int, Word]]]:
    """Labels of two characters of which one was lost, and the words that are left.

    Labels of a column are set to one width: the first character stands where the others begin, the last where they end.
    """
    known = {anchor.key for anchor in anchors}
    sought = [(label, key) for label, key in labels.meanings.items() if len(label) == 2 and key not in known]
    found: list[_Anchor] = []
    left: list[tuple[int, Word]] = []
    for row, word in rest:
        match = next((each for each in sought if _is_half(word, each[0], anchors)), None)
        if match is None or any(anchor.key == match[1] for anchor in found):
            left.append((row, word))
            continue
        head, tail = (word, None) if len(word.text) == 1 else split_word(word, 1)
        found.append(_Anchor(match[1], head.box, HALF_SURENESS, row))
        if tail is not None:
            left.append((row, tail))
    return found, left


def _is_half(word: Word, label: str, anchors: Sequence[_Anchor]) -> bool:
    slack = word.box.height
    if word.text == label[0]:
        return any(anchor.key and abs(anchor.box.left - word.box.left) <= slack for anchor in anchors)
    if word.text[0] != label[1]:
        return False
    end = split_word(word, 1)[0].box.right if len(word.text) > 1 else word.box.right
    return any(anchor.key and abs(anchor.box.right - end) <= slack for anchor in anchors)


def _label_at(words: Sequence[Word], labels: Labels) -> tuple[str, float, int, int] | None:
    """The longest label that begins with the first word: its key, how sure, how many words it takes, and how many
    characters of the last of them are beyond it.
    """
    best: tuple[int, float, str, int, int] | None = None
    for label, key in labels.meanings.items():
        taken, count = "", 0
        while len(taken) < len(label) and count < len(words):
            if count and _apart(words[count - 1], words[count]):
                break
            taken += words[count].text
            count += 1
        sureness = _alike(taken[: len(label)], label)
        if sureness and (best is None or (len(label), sureness) > best[:2]):
            best = (len(label), sureness, key, count, max(0, len(taken) - len(label)))
    if best is None:
        return None
    _, sureness, key, count, rest = best
    beyond = words[count - 1].text[-rest:] if rest else ""
    return key, sureness, count, rest - (1 if beyond[:1] == ":" and rest > 1 else 0)


def _alike(text: str, label: str) -> float:
    if text == label:
        return 1.0
    if len(label) >= FUZZY_CHARACTERS and Levenshtein.distance(text, label, score_cutoff=1) <= 1:
        return FUZZY_SURENESS
    return 0.0


def _inline_at(word: Word, labels: Labels) -> int:
    """Where in a word a label begins that may follow a value without a gap; 0 for nowhere."""
    places = (word.text.find(label, 1) for label in labels.inline)
    return min((place for place in places if place > 0), default=0)


class _Block:
    """A label and the value that grows beside and below it, row after row."""

    def __init__(self, anchor: _Anchor) -> None:
        self.anchor = anchor
        self.rows: list[list[Word]] = []
        self.closed = False
        self._bottom, self._height = anchor.box.bottom, anchor.box.height
        self._last_row = anchor.row - 1

    @property
    def left(self) -> float:
        """Where lines of the value begin; the label's own place while there is none."""
        return min((row[0].box.left for row in self.rows), default=self.anchor.box.left)

    def reaches(self, word: Word) -> bool:
        """Whether a word of a later row may be the next line of the value."""
        slack = max(word.box.height, self._height)
        close = word.box.top - self._bottom <= _WIDEST_LINE_GAP * slack
        return (
            bool(self.anchor.key) and not self.closed and close and word.box.left >= self.left - _COLUMN_SLACK * slack
        )

    def stands_beside(self, row: int, word: Word) -> bool:
        """Whether a word follows the label in its own row."""
        return self.anchor.row == row and self.anchor.box.right <= word.box.left + word.box.height

    def close_above(self, other: _Anchor) -> None:
        """Ends the value where the next label of the same column stands."""
        if self.anchor.row < other.row and abs(self.anchor.box.left - other.box.left) <= 3 * other.box.height:
            self.closed = True

    def left_behind(self, row: int, word: Word) -> bool:
        """Whether a word stands so far right of what the value has in its row that it is of something else."""
        if row != self._last_row or not self.rows:
            return False
        return word.box.left - self.rows[-1][-1].box.right > _WIDEST_BLANK * max(word.box.height, self._height)

    def take(self, row: int, word: Word) -> None:
        """Adds a word."""
        if row != self._last_row:
            self.rows.append([])
            self._last_row = row
        self.rows[-1].append(word)

    def end_row(self) -> None:
        """Moves on to the row below."""
        if self.rows:
            bounds = around(word.box for word in self.rows[-1])
            self._bottom, self._height = bounds.bottom, bounds.height


def _assigned(anchors: Sequence[_Anchor], rest: Sequence[tuple[int, Word]]) -> list[Entry]:
    blocks = [_Block(anchor) for anchor in anchors]
    by_row: dict[int, list[Word]] = {anchor.row: [] for anchor in anchors}
    for row, word in rest:
        by_row.setdefault(row, []).append(word)
    for row in sorted(by_row):
        _assign_row(blocks, row, sorted(by_row[row], key=lambda each: each.box.left))
    found: dict[str, Entry] = {}
    for block in blocks:
        anchor = block.anchor
        if anchor.key and anchor.key not in found:
            found[anchor.key] = Entry(
                anchor.key, anchor.box, anchor.sureness, tuple(tuple(words) for words in block.rows)
            )
    return list(found.values())


def _assign_row(blocks: Sequence[_Block], row: int, words: Sequence[Word]) -> None:
    """Gives the words of a row, from the left, to the values that they are of."""
    begun = [block.anchor for block in blocks if block.anchor.row == row]
    for block in blocks:
        for anchor in begun:
            block.close_above(anchor)
    owner: _Block | None = None
    before: Word | None = None
    for word in words:
        if owner is None or before is None or not _follows(before, word, owner, begun):
            owner = _owner(blocks, row, word)
        if owner is not None and not owner.left_behind(row, word):
            owner.take(row, word)
        before = word
    for block in blocks:
        block.end_row()


def _owner(blocks: Sequence[_Block], row: int, word: Word) -> _Block | None:
    """The label that a word belongs to: the nearest to its left of those in its row and those that it continues.

    A value above goes on in this row only where no label of its own column, or one further right, begins here.
    """
    beside = [block for block in blocks if block.stands_beside(row, word)]
    nearest = max((block.anchor.box.left for block in beside), default=float("-inf"))
    above = [
        block
        for block in blocks
        if block.anchor.row < row and block.reaches(word)
        if nearest < block.anchor.box.left - word.box.height
    ]
    if above:
        return max(above, key=lambda block: (block.left, block.anchor.row))
    return max(beside, key=lambda block: block.anchor.box.left, default=None)


def _follows(before: Word, word: Word, owner: _Block, begun: Sequence[_Anchor]) -> bool:
    """Whether a word goes on where the one before it in its row ended, with no label between them."""
    if word.box.left - before.box.right > _WIDEST_WORD_GAP * max(word.box.height, before.box.height):
        return False
    between = (anchor.box.left for anchor in begun if anchor is not owner.anchor)
    return not any(before.box.left < left < word.box.left for left in between)


def _same_row(row: Sequence[Word], word: Word) -> bool:
    """Whether a word's middle lies within the row's last word nearest to it, and the other way round."""
    near = min(row, key=lambda each: abs(each.box.left - word.box.left))
    shared = min(near.box.bottom, word.box.bottom) - max(near.box.top, word.box.top)
    return shared > 0.5 * min(near.box.height, word.box.height)


def _apart(before: Word, after: Word) -> bool:
    height = max(before.box.height, after.box.height)
    return after.box.left - before.box.right > _WIDEST_LABEL_GAP * height


def _width(text: str) -> float:
    return sum(_LATIN_WIDTH if character.isascii() else 1.0 for character in text)


def _slice(box: Box, begin: float, end: float) -> Box:
    return Box(box.left + box.width * begin, box.top, box.left + box.width * end, box.bottom)


def _layer(box: Box, begin: float, end: float) -> Box:
    return Box(box.left, box.top + box.height * begin, box.right, box.top + box.height * end)
