"""Reads reviews: sentiment and topics of many texts at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from sycee_ingestion.reading import artefact
from sycee_ingestion.reading.characters import Characters, chinese_share, is_readable, without_numbers
from sycee_ingestion.reading.clauses import Opinion, features, opinion, praise_made_plain
from sycee_ingestion.reading.grams import grams
from sycee_ingestion.reading.scoring import Reals, columns, run_scores
from sycee_ingestion.reading.topics import read_topics

READER_VERSION: Final = 1
"""Stored beside what was read. It changes with the model, a word list or a rule, so that what an older reader read can
be told and read again."""

_TEXTS_AT_ONCE: Final = 256
_UNSURE_BELOW: Final = 0.5  # share of Chinese characters from which the model is trusted in full


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says: 0 (bad) to 1000 (good), None where there is nothing to read; and the topics as
    `topics.read_topics` masks them: bits 0 to 6 spoken of, bits 8 to 14 complained about."""

    sentiment_milli: int | None
    topics: int


_NOTHING: Final = Reading(None, 0)


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: artefact.Model
    characters: Characters
    table: npt.NDArray[np.int8]


class Reader:
    """Reads texts with the model that comes with the package, which is loaded at the first use and then kept. It may be
    used by several threads; what two of them load at once is the same."""

    version: Final = READER_VERSION

    @cached_property
    def _loaded(self) -> _Loaded:
        model = artefact.load()
        return _Loaded(model, Characters(model.simplified), model.gram_table())

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """What each text says, in their order. Of a text, the first `characters.LONGEST_TEXT` characters are read; the
        less of it is Chinese, the nearer its sentiment comes to 500. Raises ArtefactError where the model does not
        fit."""
        return [reading for start in range(0, len(texts), _TEXTS_AT_ONCE) for reading in self._read(texts, start)]

    def _read(self, texts: Sequence[str], start: int) -> Iterator[Reading]:
        plains = [self._loaded.characters.plain(text) for text in texts[start : start + _TEXTS_AT_ONCE]]
        opinions = [opinion(plain) for plain in plains]
        odds = self._log_odds(plains, opinions)
        for plain, said, good in zip(plains, opinions, _milli(odds), strict=True):
            yield Reading(good, read_topics(said, good)) if is_readable(plain) else _NOTHING

    def _log_odds(self, plains: Sequence[str], opinions: Sequence[Opinion]) -> Reals:
        model = self._loaded.model
        rows = np.array([features(said) for said in opinions], dtype=np.float64)
        runs = run_scores(
            grams([without_numbers(praise_made_plain(plain)) for plain in plains]), self._loaded.table, model.gram_step
        )
        trust = np.minimum(1.0, np.array([chinese_share(plain) for plain in plains]) / _UNSURE_BELOW)
        voiced = 1.0 - rows[:, -1]  # a word of the list was met, be it an English one
        odds = model.bias + columns(rows, runs) @ model.weights
        return np.asarray(odds * np.maximum(trust, 0.5 * voiced), dtype=np.float64)


def _milli(log_odds: Reals) -> list[int]:
    shares = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))
    return [int(milli) for milli in np.rint(shares * 1000.0)]
