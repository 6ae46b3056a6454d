"""Finds the few names of a long list that may be alike, by the pieces that they share."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from heapq import nlargest

from sycee_compliance.domain.names import NameForm

SHORT_LETTERS = 8
"""Readings up to this long are also cut in pairs: one slip breaks every triple of a short one."""
POSTINGS_MAX = 20_000
"""Bound on the places looked at a reading, rarest pieces first."""
CANDIDATES_MAX = 300
"""Bound on the names compared in full a reading."""
SHARE_MIN = 0.3
"""A candidate shares at least this part of the pieces looked at."""


class NameIndex:
    """An inverted index from pieces (characters, letter triples) to positions of names, built once and read only."""

    def __init__(self, forms: Iterable[NameForm]) -> None:
        places: dict[str, array[int]] = {}
        for position, form in enumerate(forms):
            for piece in pieces(form):
                places.setdefault(piece, array("I")).append(position)
        self._places = places

    def candidates(self, form: NameForm) -> list[int]:
        """Positions of the names that share most pieces with one reading, at most CANDIDATES_MAX."""
        found = sorted(filter(None, map(self._places.get, pieces(form))), key=len)
        shared: Counter[int] = Counter()
        looked_at = taken = 0
        for positions in found:
            if taken and looked_at + len(positions) > POSTINGS_MAX:
                break
            shared.update(positions)
            looked_at += len(positions)
            taken += 1
        least = taken * SHARE_MIN
        likely = [(count, position) for position, count in shared.items() if count >= least]
        return [position for _, position in nlargest(CANDIDATES_MAX, likely)]


def pieces(form: NameForm) -> set[str]:
    """What a name is found by: its Chinese characters and the triples of its reading, pairs too when it is short."""
    letters = f"^{form.letters}"
    cut = {letters[at : at + 3] for at in range(len(letters) - 2)}
    if len(form.letters) <= SHORT_LETTERS:
        cut |= {letters[at : at + 2] for at in range(len(letters) - 1)}
    return cut | set(form.hanzi)
