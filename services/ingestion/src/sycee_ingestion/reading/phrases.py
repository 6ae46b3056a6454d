"""A fixed set of words found in a text, the longest at each place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Phrases(Generic[Value]):
    """Words and what each stands for."""

    def __init__(self, words: Mapping[str, Value]) -> None:
        self._words = dict(words)
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for word in self._words:
            lengths[word[0]].add(len(word))
        self._lengths = {first: tuple(sorted(each, reverse=True)) for first, each in lengths.items()}

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __getitem__(self, word: str) -> Value:
        return self._words[word]

    def find(self, text: str) -> list[tuple[int, Value]]:
        """Where words begin and what they stand for, from the left, none within another."""
        found: list[tuple[int, Value]] = []
        lengths, words = self._lengths, self._words
        end = 0
        for start, first in enumerate(text):
            if start < end or first not in lengths:
                continue
            for length in lengths[first]:
                word = text[start : start + length]
                if word in words:
                    found.append((start, words[word]))
                    end = start + len(word)
                    break
        return found


def sections(name: str) -> list[tuple[str, list[str]]]:
    """The headings of a word list of this package, each with the words below it. A line that begins with # says
    something; one in brackets is a heading. Raises ValueError on a word before the first heading."""
    found: list[tuple[str, list[str]]] = []
    for line in files("sycee_ingestion.reading").joinpath(name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("["):
            found.append((line.strip("[] "), []))
        elif line.strip():
            if not found:
                raise ValueError(f"{name}: a word before the first heading")
            found[-1][1].extend(line.split())
    return found
