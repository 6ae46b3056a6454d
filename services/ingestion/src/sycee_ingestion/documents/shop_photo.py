"""What a photograph of a shop shows: the text of its signboard, and a licence on the wall where there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sycee_ingestion.documents.layout import Word, rows_of, words_of
from sycee_ingestion.documents.licence import is_licence, licence_fields
from sycee_ingestion.documents.model import Field, around
from sycee_ingestion.documents.ocr import Line

LEAST_SIZE = 0.5
"""Judgement: text of at least half the height of the largest belongs to the signboard."""

_LICENCE_TITLE = "营业执照"
_ON_THE_WALL = frozenset({"uscc", "name", "registration_no"})
_LETTERS = re.compile(r"[0-9A-Za-z一-鿿]")


def shop_fields(lines: Sequence[Line]) -> tuple[Field, ...]:
    """The signboard, and of a licence on the wall its code and name; boxes in the picture's pixels."""
    licence = [field for field in licence_fields(lines) if field.name in _ON_THE_WALL] if is_licence(lines) else []
    signboard = _signboard(lines)
    return (*([] if signboard is None else [signboard]), *licence)


def _signboard(lines: Sequence[Line]) -> Field | None:
    """The largest text, with what stands beside or below it in letters nearly as large."""
    shown = [word for word in words_of(lines) if _LETTERS.search(word.text) and _LICENCE_TITLE not in word.text]
    if not shown:
        return None
    largest = max(shown, key=_weight)
    rows = rows_of([word for word in shown if word.box.height >= LEAST_SIZE * largest.box.height])
    kept = [word for row in rows for word in row if _near(word, largest)]
    text = "".join(word.text for word in kept)
    return Field("signboard", text, min(word.score for word in kept), None, around(word.place for word in kept))


def _weight(word: Word) -> float:
    """Letters count by their height; a single one may be a logo or a smear."""
    return word.box.height * (1.0 if len(word.text) > 1 else 0.5)


def _near(word: Word, largest: Word) -> bool:
    return abs(word.box.middle - largest.box.middle) <= 2.5 * largest.box.height
