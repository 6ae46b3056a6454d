"""Proposing a mapping for a file, and showing what it makes of the first rows. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from sycee.ingestion.v1 import event_pb2
from sycee_service.clock import Clock
from sycee_service.errors import InvalidArgument

from sycee_ingestion import convert_events, mapping
from sycee_ingestion.connectors import Connector, Proposal, UnreadableFileError, registry
from sycee_ingestion.connectors.chunks import Digest
from sycee_ingestion.connectors.looks import look_at
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.intake import guarded
from sycee_ingestion.planning import Plan, Planner

PREVIEWED_ROWS = 10
_REGISTERED = 1


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row and what the mapping makes of it: an event, or the reason why there is none."""

    index: int
    event: event_pb2.Event | None
    reject: Reject | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposed mapping."""

    connector: str
    mapping_yaml: str
    open_points: tuple[str, ...]
    rows: tuple[PreviewedRow, ...]


class Suggester:
    """Looks at files below the import root. All of it blocks."""

    def __init__(self, planner: Planner, digest: Digest, clock: Clock) -> None:
        self._planner = planner
        self._digest = digest
        self._clock = clock

    def suggest(self, path: str, connector_name: str) -> Suggestion:
        """A mapping by the connector named, or by the surest one. Raises NotFound, InvalidArgument."""
        named = registry.find(connector_name, "connector") if connector_name else None
        found = self._planner.find(path)
        try:
            look = look_at(found)
            connector = named or registry.surest(look)
            proposal = connector.propose(look)
            filled = _filled_in(connector, found, proposal)
        except UnreadableFileError as error:
            raise InvalidArgument("path", f"must be a file that can be read: {error}") from None
        text = _as_yaml(proposal.mapping, filled)
        points = list(proposal.open_points)
        rows: tuple[PreviewedRow, ...] = ()
        try:
            rows = self._previewed(self._planner.plan(path, text))
        except InvalidArgument as error:
            points += [f"{violation.field}: {violation.description()}" for violation in error.violations]
        return Suggestion(connector.name, text, tuple(points), rows)

    def _previewed(self, plan: Plan) -> tuple[PreviewedRow, ...]:
        chunk = next(islice(plan.table.chunks(0, PREVIEWED_ROWS), 1), None)
        if chunk is None or plan.mapper.registers_only:
            return ()
        safe = guarded(chunk, plan.mapper.personal, self._digest)
        mapped = plan.mapper.events(safe, lambda number: f"row-{number}")
        numbers = {event.merchant_id: _REGISTERED for event in mapped.request.events}
        rejects = {reject.index: reject for reject in mapped.rejects}
        if mapped.places:
            judged = convert_events.judge(mapped.request, numbers, self._clock.now())
            rejects |= {mapped.places[reject.index]: reject for reject in judged.rejects}
        events = dict(zip(mapped.places, mapped.request.events, strict=True))
        return tuple(
            PreviewedRow(number, None if number in rejects else events.get(number), rejects.get(number))
            for number in range(safe.height)
        )


def _filled_in(connector: Connector, path: Path, proposal: Proposal) -> Mapping[str, Any]:
    """What the connector fills in of itself, to be shown."""
    draft = mapping.read(_dumped(proposal.mapping))
    table = connector.open(path, draft.file)
    try:
        defaults = connector.defaults(table.columns, draft.options)
    except InvalidArgument:
        return {}
    left = {key: value for key, value in defaults.items() if key not in proposal.mapping}
    return {key: value for key, value in left.items() if value and (key != "personal" or any(value.values()))}


def _as_yaml(proposed: Mapping[str, Any], filled_in: Mapping[str, Any]) -> str:
    """The mapping, and as a comment what it need not say since the connector does."""
    text = _dumped(proposed)
    if filled_in:
        lines = ["Filled in by the connector; say a key here to change it:", *_dumped(filled_in).splitlines()]
        text += "".join(f"# {line}\n" for line in lines)
    return text


def _dumped(tree: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(tree), allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    return text
