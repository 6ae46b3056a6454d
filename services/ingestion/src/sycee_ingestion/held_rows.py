"""Rows as they are held: a JSON text that gives back the same row, with its types.

A row has been through `Guarded` when it comes here: what was dropped is gone, and what stands for a digest is the
digest; `digested` names those columns, so that reading the row again does not digest the digest.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sycee_ingestion.connectors.chunks import Broken

_TYPES: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (datetime, "$moment", datetime.fromisoformat),  # before `date`, of which it is one
    (date, "$day", date.fromisoformat),
    (time, "$time", time.fromisoformat),
    (timedelta, "$span", lambda seconds: timedelta(seconds=seconds)),
    (Decimal, "$decimal", Decimal),
    (bytes, "$bytes", b64decode),
)
_READ: Mapping[str, Callable[[Any], Any]] = {
    **{tag: read for _, tag, read in _TYPES},
    "$map": lambda inside: {name: _untagged(one) for name, one in inside.items()},
}
_WRITE: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("$moment", "$day", "$time"), lambda value: value.isoformat()),
    "$span": timedelta.total_seconds,
    "$decimal": str,
    "$bytes": lambda value: b64encode(value).decode(),
}


@dataclass(frozen=True, slots=True, repr=False)
class HeldRow:
    """A row of a file or message. Has no repr: it may be personal."""

    row: Mapping[str, object]
    digested: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class HeldEvent:
    """An event that came as one: a serialized `sycee.ingestion.v1.Event`."""

    body: bytes


Content = HeldRow | HeldEvent | Broken


def to_text(content: Content) -> str:
    """The content as a text."""
    match content:
        case HeldRow(row, digested):
            tree: Any = {"row": _tagged(dict(row)), "digested": list(digested)}
        case HeldEvent(body):
            tree = {"event": b64encode(body).decode()}
        case Broken(rule, inside):
            tree = {"rule": rule, "broken": _tagged(inside)}
    return json.dumps(tree, ensure_ascii=True, separators=(",", ":"))


def from_text(text: str) -> Content:
    """What `to_text` was given."""
    tree = json.loads(text)
    if "row" in tree:
        return HeldRow(_untagged(tree["row"]), tuple(tree["digested"]))
    if "event" in tree:
        return HeldEvent(b64decode(tree["event"]))
    return Broken(tree["rule"], _untagged(tree["broken"]))


def _tagged(value: Any) -> Any:
    if isinstance(value, dict):
        inside = {str(name): _tagged(one) for name, one in value.items()}
        return {"$map": inside} if len(inside) == 1 and next(iter(inside)) in _READ else inside
    if isinstance(value, (list, tuple)):
        return [_tagged(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    tag = next((tag for kind, tag, _ in _TYPES if isinstance(value, kind)), None)
    return str(value) if tag is None else {tag: _WRITE[tag](value)}


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, inside),) = value.items()
        if tag in _READ:
            return _READ[tag](inside)
    return {name: _untagged(one) for name, one in value.items()}
