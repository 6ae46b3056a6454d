"""The subscriptions of this server, in a YAML file that its settings name.

    - subject: shop.orders.>        # of the platform; anything but sycee.>
      durable: shop-orders          # keeps the place over restarts; what is held in quarantine is known by it
      stream: SHOP                  # the stream that holds it; by default the one that does, made where none does
      format: json                  # of bodies that do not say what they are; there is no other yet
      mapping: orders.yaml          # a file beside this one, or the mapping itself

A mapping is one of the connector `table` and names its events by `event_id`: a message may come twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sycee_service.errors import InvalidArgument

from sycee_ingestion import mapping
from sycee_ingestion.mapping import TABLE, Draft
from sycee_ingestion.rows import RowMapper

_FIELD = "subscriptions"
_OWN = ("sycee.", ">", "*")


class BadSubscriptionsError(ValueError):
    """The file of subscriptions is wrong; the text says where."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    subject: Annotated[str, Field(pattern=r"^[A-Za-z0-9_*>-]+(\.[A-Za-z0-9_*>-]+)*$", max_length=256)]
    durable: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    stream: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,64}$")] = ""
    format: Literal["json"] = "json"
    mapping: str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subject to consume, and what makes events of its messages."""

    subject: str
    durable: str
    stream: str
    mapping_yaml: str
    draft: Draft
    mapper: RowMapper


def read_subscriptions(path: Path | None) -> tuple[Subscription, ...]:
    """The subscriptions in a file; none without one. Raises BadSubscriptionsError, OSError."""
    if path is None:
        return ()
    try:
        tree = mapping.load(path.read_text(encoding="utf-8"), _FIELD)
        found = tuple(_subscription(path, place, entry) for place, entry in enumerate(_entries(tree)))
    except (InvalidArgument, UnicodeDecodeError) as error:
        raise BadSubscriptionsError(str(error)) from None
    durables = [one.durable for one in found]
    if len(set(durables)) != len(durables):
        raise BadSubscriptionsError("every subscription needs a durable name of its own")
    return found


def _entries(tree: object) -> list[object]:
    if not isinstance(tree, list):
        raise BadSubscriptionsError("must be a list of subscriptions")
    return tree


def _subscription(path: Path, place: int, tree: object) -> Subscription:
    try:
        entry = _Entry.model_validate(tree)
    except ValidationError as error:
        flaw = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in flaw["loc"])
        raise BadSubscriptionsError(f"entry {place}: {where}: {flaw['msg']}") from None
    if entry.subject.startswith(_OWN):
        raise BadSubscriptionsError(f"entry {place}: subject: must not reach into sycee.>")
    text = _text(path, entry.mapping)
    draft = mapping.read(text)
    if draft.connector != TABLE:
        raise BadSubscriptionsError(f"entry {place}: mapping: must be one of the connector {TABLE!r}")
    filled = draft.filled({})
    if filled.event_id is None:
        raise BadSubscriptionsError(f"entry {place}: mapping: needs an event_id, since a message may come twice")
    return Subscription(entry.subject, entry.durable, entry.stream, text, draft, RowMapper(filled, None))


def _text(path: Path, given: str | dict[str, Any]) -> str:
    if isinstance(given, str):
        return (path.parent / given).read_text(encoding="utf-8")
    text: str = yaml.safe_dump(given, allow_unicode=True, sort_keys=False)
    return text
