"""The connectors that are installed, found by their entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import cast

from sycee_service.errors import InvalidArgument

from sycee_ingestion.connectors import Connector
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.mapping import FIELD, TABLE

GROUP = "sycee.connectors"


class BadConnectorError(RuntimeError):
    """An installed connector cannot be used; the text names it and says why."""


@cache
def connectors() -> dict[str, Connector]:
    """All connectors by name. Raises BadConnectorError for one that does not load, or two of one name."""
    found: dict[str, Connector] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            loaded = point.load()
            made = cast("Connector", loaded() if isinstance(loaded, type) else loaded)
            name = made.name
        except Exception as error:
            raise BadConnectorError(f"connector {point.name!r} does not load: {type(error).__name__}") from error
        if name != point.name or name in found:
            raise BadConnectorError(f"connector {point.name!r} must be named as its entry point, and once")
        found[name] = made
    if TABLE not in found:
        raise BadConnectorError(f"the connector {TABLE!r} is not installed")
    return found


def find(name: str, key: str = f"{FIELD}.connector") -> Connector:
    """The connector of that name. Raises InvalidArgument naming the key."""
    found = connectors().get(name)
    if found is None:
        raise InvalidArgument(key, f"must be one of {', '.join(connectors())}", value=name)
    return found


def surest(look: Look) -> Connector:
    """The connector that is surest of a file; the generic one where none is sure of anything."""
    known = connectors()
    return max(known.values(), key=lambda connector: (connector.recognise(look), connector.name == TABLE))
