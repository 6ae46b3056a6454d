"""Screening of parties against lists of names, each list with its legal force (rules CN-AML-03, -08)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from sycee_compliance.domain.name_index import NameIndex
from sycee_compliance.domain.names import NameForm, name_forms
from sycee_compliance.domain.outcome import Outcome, worst
from sycee_compliance.domain.similarity import similarity

THRESHOLD = 0.86
"""Names at least this alike are a hit."""
CERTAIN = 0.97
"""At least this alike, what the list commands is done; below it a person looks, and nothing goes on until then."""
OTHER_NUMBER = 0.14
"""Taken off when both numbers are known and differ: an equal name then refers, a likely one is no hit."""
OTHER_KIND = 0.05
"""Taken off when a person's name meets an organisation's."""
HITS_MAX = 10
ENTRIES_MAX = 2_000_000
COLUMNS = ("list_id", "force", "entry_id", "kind", "name", "aliases", "id_numbers")
FORCES = {"stop": Outcome.BLOCK, "escalate": Outcome.REFER}


class PartyKind(IntEnum):
    """Kind of a party. The numbers are those of the contract; UNSPECIFIED on a list means not known."""

    UNSPECIFIED = 0
    PERSON = 1
    ORGANISATION = 2


KINDS = {"person": PartyKind.PERSON, "organisation": PartyKind.ORGANISATION, "": PartyKind.UNSPECIFIED}


class ScreeningListError(ValueError):
    """A list file cannot be used; the message names the row and column, never what stands there."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who is screened. Personal data: never printed. `id_number` is empty when not known."""

    name: str = field(repr=False)
    kind: PartyKind
    id_number: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a list. `force` is what the list commands when the match is certain."""

    list_id: str
    entry_id: str
    force: Outcome
    kind: PartyKind
    names: tuple[str, ...] = field(repr=False)
    id_numbers: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """A likely match; similarity from 0 to 1."""

    list_id: str
    entry_id: str
    similarity: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Screening:
    """What screening found: the worst of the hits, most alike first, and what was looked at."""

    outcome: Outcome
    hits: tuple[Hit, ...]
    list_versions: tuple[str, ...]
    name_count: int


class ScreeningList:
    """The names of all lists in memory, ready to be searched. Read only after it is built."""

    def __init__(self, entries: Iterable[ListEntry], versions: tuple[str, ...]) -> None:
        self.versions = versions
        self._entries: list[ListEntry] = []
        self._forms: list[NameForm] = []
        self._owners: list[int] = []
        self._by_number: dict[str, list[int]] = defaultdict(list)
        for entry in entries:
            self._add(entry)
        self._index = NameIndex(self._forms)
        self.name_count = sum(len(entry.names) for entry in self._entries)

    def screen(self, party: Party) -> Screening:
        """Looks a party up by name and number. At most ten hits, most alike first."""
        forms = name_forms(party.name, person=party.kind is PartyKind.PERSON)
        found: dict[int, float] = dict.fromkeys(self._by_number.get(party.id_number, ()), 1.0)
        for form in forms:
            for position in self._index.candidates(form):
                owner = self._owners[position]
                score = self._score(party, form, self._entries[owner], self._forms[position])
                if score >= THRESHOLD and score > found.get(owner, 0.0):
                    found[owner] = score
        hits = [_hit(self._entries[owner], score) for owner, score in found.items()]
        # A name without a letter cannot be screened, and what is not screened is not clear.
        return self._answer(hits, worst(hit.outcome for hit in hits) if forms else Outcome.REFER)

    def merge(self, screenings: Sequence[Screening]) -> Screening:
        """One answer for several parties: the worst of them, and the best hit of each entry."""
        hits = [hit for screening in screenings for hit in screening.hits]
        return self._answer(hits, worst(screening.outcome for screening in screenings))

    def not_screened(self) -> Screening:
        """The answer when nobody is named: it refers, for what is not screened is not clear."""
        return self._answer((), Outcome.REFER)

    def _answer(self, hits: Sequence[Hit], outcome: Outcome) -> Screening:
        best: dict[tuple[str, str], Hit] = {}
        for hit in hits:
            key = (hit.list_id, hit.entry_id)
            if key not in best or hit.similarity > best[key].similarity:
                best[key] = hit
        ranked = sorted(best.values(), key=lambda hit: (-hit.similarity, hit.list_id, hit.entry_id))
        return Screening(outcome, tuple(ranked[:HITS_MAX]), self.versions, self.name_count)

    def _add(self, entry: ListEntry) -> None:
        owner = len(self._entries)
        self._entries.append(entry)
        for number in entry.id_numbers:
            self._by_number[number].append(owner)
        forms = {
            form for name in entry.names for person in _readings(entry.kind) for form in name_forms(name, person=person)
        }
        for form in sorted(forms, key=lambda form: (form.letters, form.words, form.hanzi)):
            self._forms.append(form)
            self._owners.append(owner)

    @staticmethod
    def _score(party: Party, asked: NameForm, entry: ListEntry, listed: NameForm) -> float:
        score = similarity(asked, listed, person=party.kind is PartyKind.PERSON)
        if entry.kind is not PartyKind.UNSPECIFIED and entry.kind is not party.kind:
            score -= OTHER_KIND
        if party.id_number and entry.id_numbers and party.id_number not in entry.id_numbers:
            score -= OTHER_NUMBER
        return score


def read_list(content: bytes, published: date) -> ScreeningList:
    """Reads a list file: CSV in UTF-8 with a header of COLUMNS, `aliases` and `id_numbers` divided by `|`.

    Each list's version names it, the day it was published and the digest of its own rows.
    Raises ScreeningListError naming the row when anything does not hold: half a list is no list.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScreeningListError("the file is not UTF-8") from None
    entries = list(_entries(csv.DictReader(io.StringIO(text, newline=""), strict=True)))
    if not entries:
        raise ScreeningListError("the file holds no entry")
    return ScreeningList(entries, _versions(entries, published))


def _entries(rows: csv.DictReader[str]) -> Iterator[ListEntry]:
    if rows.fieldnames is None or tuple(rows.fieldnames) != COLUMNS:
        raise ScreeningListError(f"the header must be {','.join(COLUMNS)}")
    seen: set[tuple[str, str]] = set()
    try:
        for row in rows:
            entry = _entry(row, rows.line_num)
            if (entry.list_id, entry.entry_id) in seen:
                raise ScreeningListError(f"line {rows.line_num}: list_id and entry_id stand there twice")
            if len(seen) >= ENTRIES_MAX:
                raise ScreeningListError(f"more than {ENTRIES_MAX} entries")
            seen.add((entry.list_id, entry.entry_id))
            yield entry
    except csv.Error:
        raise ScreeningListError(f"line {rows.line_num}: not well-formed CSV") from None


def _entry(row: Mapping[str | None, str | None], line: int) -> ListEntry:
    if None in row or None in row.values():
        raise ScreeningListError(f"line {line}: needs {len(COLUMNS)} columns")
    cells = {str(column): (cell or "").strip() for column, cell in row.items()}
    for column in ("list_id", "entry_id", "name"):
        if not cells[column]:
            raise ScreeningListError(f"line {line}: {column} is empty")
    if cells["force"] not in FORCES:
        raise ScreeningListError(f"line {line}: force must be one of {', '.join(FORCES)}")
    if cells["kind"] not in KINDS:
        raise ScreeningListError(f"line {line}: kind must be person, organisation or empty")
    return ListEntry(
        list_id=cells["list_id"],
        entry_id=cells["entry_id"],
        force=FORCES[cells["force"]],
        kind=KINDS[cells["kind"]],
        names=(cells["name"], *_parts(cells["aliases"])),
        id_numbers=frozenset(_parts(cells["id_numbers"].upper())),
    )


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _versions(entries: Iterable[ListEntry], published: date) -> tuple[str, ...]:
    rows: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        cells = (entry.entry_id, entry.force.name, entry.kind.name, *entry.names, *sorted(entry.id_numbers))
        rows[entry.list_id].append("\x1f".join(cells))
    return tuple(
        f"{list_id}@{published.isoformat()}+{hashlib.sha256(chr(10).join(rows[list_id]).encode()).hexdigest()[:16]}"
        for list_id in sorted(rows)
    )


def _readings(kind: PartyKind) -> tuple[bool, ...]:
    """Whether to read a listed name as a person's, as an organisation's, or as both when the list does not say."""
    return (True, False) if kind is PartyKind.UNSPECIFIED else (kind is PartyKind.PERSON,)


def _hit(entry: ListEntry, score: float) -> Hit:
    outcome = entry.force if score >= CERTAIN else Outcome.REFER
    return Hit(entry.list_id, entry.entry_id, round(score, 4), outcome)
