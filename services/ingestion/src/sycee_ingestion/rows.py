"""Rows of a file to events, by a mapping: compiled once against the contract, then column by column of a chunk.

Values are read by the type that the contract gives their field. What cannot be read becomes a reject of its row; what
can be read but breaks a rule of the contract is judged where every event is (`sycee_ingestion.convert_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.errors import InvalidArgument, Violation

from sycee_ingestion.connectors.chunks import Chunk
from sycee_ingestion.connectors.paths import resolved
from sycee_ingestion.convert_events import INVALID_FIELD
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.domain.imports import SKIPPED_BY_MAPPING
from sycee_ingestion.fields import Flaws, View, text_column
from sycee_ingestion.mapping import FIELD, FileMapping
from sycee_ingestion.registering import Registrar, Registration
from sycee_ingestion.rules import Check, Prepared, Rule

_MOST_VIOLATIONS = 20

NameOf = Callable[[int], str]
"""The event_id of a row, by its number in the chunk, where the mapping gives none."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A chunk as events. Row `places[i]` (its number in the chunk) made event `i` of `request`, and the same row may
    have made some of `further`. Every row is in `places` or, by its index, in `rejects`.
    """

    request: ingestion_pb2.PublishEventsRequest
    places: list[int]
    further: list[event_pb2.Event]
    further_places: list[int]
    rejects: list[Reject]


class RowMapper:
    """Makes events of rows. Raises InvalidArgument, naming the key, when the mapping does not fit contract or file.

    `columns` are those of the file; None where no row is known yet, as of a subscription.
    """

    def __init__(self, mapping: FileMapping, columns: Collection[str] | None) -> None:
        _check([(f"{FIELD}.{key}", column) for key, column in mapping.columns_read()], columns)
        self.registers_only = not mapping.events
        self.personal = mapping.personal
        self._merchant = text_column("merchant_id", f"{FIELD}.merchant", mapping.merchant)
        self._skip = [Check(f"skip[{index}]", condition) for index, condition in enumerate(mapping.skip)]
        rules = [Rule(key, rule, mapping) for key, rule in mapping.rules()] if mapping.events else []
        self._rules, self._also = rules[: len(mapping.events)], rules[len(mapping.events) :]
        self.registrar = Registrar.of(mapping.merchant)
        _check([used for check in self._skip for used in check.columns_used()], columns)
        _check([used for rule in rules for used in rule.columns_used()], columns)
        if self.registrar is not None:
            _check(self.registrar.columns_used(), columns)

    def events(self, chunk: Chunk, name_of: NameOf) -> Mapped:
        """The events of the rows of a chunk, and why the others make none."""
        view, flaws = View(chunk), _broken(chunk)
        skipped: dict[int, str] = {}
        self._leave_out(view, flaws, skipped)
        prepared = self._prepared(view, name_of, flaws, skipped)
        further = [more for rule in self._also if (more := self._further(rule, view, name_of, flaws, skipped))]
        mapped = Mapped(ingestion_pb2.PublishEventsRequest(), [], [], [], _rejects(flaws, skipped))
        for part in prepared:
            mapped.places.extend(part.make(mapped.request.events.add, flaws))
        for part in further:
            mapped.further_places.extend(part.make(_adder(mapped.further), flaws))
        return mapped

    def registrations(self, chunk: Chunk) -> tuple[list[Registration], list[Reject]]:
        """What each row says of its merchant, for a mapping that registers, and why the others say nothing."""
        if self.registrar is None:
            return [], []
        view, flaws = View(chunk), _broken(chunk)
        skipped: dict[int, str] = {}
        self._leave_out(view, flaws, skipped)
        found = self.registrar.read(view, flaws, skipped)
        return found, _rejects(flaws, skipped)

    def merchant_ids(self, chunk: Chunk, numbers: Collection[int]) -> dict[int, str]:
        """Whose rows those with the numbers given are, as far as that can be read of rows that cannot be read."""
        found = self._merchant.of(View(chunk), {})
        return {number: str(found[number]) for number in numbers if found[number]}

    def _leave_out(self, view: View, flaws: Flaws, skipped: dict[int, str]) -> None:
        for check in self._skip:
            for number, holds in enumerate(check.of(view, flaws)):
                if holds and number not in flaws:
                    skipped.setdefault(number, "`skip` of the mapping leaves it out")

    def _prepared(self, view: View, name_of: NameOf, flaws: Flaws, skipped: dict[int, str]) -> list[Prepared]:
        """Gives every row to the first rule that fits it."""
        left = [number for number in range(view.height) if number not in flaws and number not in skipped]
        found = []
        for rule in self._rules:
            taken = rule.fitting(view, left, flaws)
            if taken:
                found.append(rule.prepare(view, taken, name_of, flaws))
                left = left if not taken else _without(left, taken)
        for number in left:
            if number not in flaws:
                skipped[number] = "no entry of `events` of the mapping fits it"
        return found

    def _further(
        self, rule: Rule, view: View, name_of: NameOf, flaws: Flaws, skipped: dict[int, str]
    ) -> Prepared | None:
        left = [number for number in range(view.height) if number not in flaws and number not in skipped]
        taken = rule.fitting(view, left, flaws)
        return rule.prepare(view, taken, name_of, flaws) if taken else None


def _without(numbers: Sequence[int], taken: Sequence[int]) -> list[int]:
    if len(taken) == len(numbers):
        return []
    gone = set(taken)
    return [number for number in numbers if number not in gone]


def _broken(chunk: Chunk) -> Flaws:
    return {number: ("", broken.rule) for number, broken in chunk.broken.items()}


def _rejects(flaws: Flaws, skipped: dict[int, str]) -> list[Reject]:
    """Rejects in the order of the rows."""
    found = [Reject(number, "", "", INVALID_FIELD, field, rule) for number, (field, rule) in flaws.items()]
    found += [Reject(number, "", "", SKIPPED_BY_MAPPING, "", why) for number, why in skipped.items()]
    return sorted(found, key=lambda reject: reject.index)


def _adder(events: list[event_pb2.Event]) -> Callable[[], event_pb2.Event]:
    def add() -> event_pb2.Event:
        events.append(event_pb2.Event())
        return events[-1]

    return add


def _check(read: Sequence[tuple[str, str]], columns: Collection[str] | None) -> None:
    """Raises InvalidArgument naming each key whose column the file does not have."""
    if columns is None:
        return
    missing = [
        Violation(key, "must name a column of the file", column)
        for key, column in read
        if resolved(column, columns) is None
    ]
    if missing:
        raise InvalidArgument.many(missing[:_MOST_VIOLATIONS])
