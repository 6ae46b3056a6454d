"""Kinds of event and the numbers that each one adds to a day.

An event on its way into the store is a plain tuple in the order of `STAGED_COLUMNS` (a batch holds a thousand of them
and an object each would cost more than the arithmetic). `first`, `second` and `third` mean, by kind:

| kind            | first        | second          | third                                                     |
|-----------------|--------------|-----------------|-----------------------------------------------------------|
| ORDER           | paid, fen    |                 |                                                           |
| REFUND          | refunded, fen| goods returned  | disputed                                                  |
| REVIEW          | stars        | complaint       |                                                           |
| SHIPMENT        | weight, g    | distance, km    | mode + 16 × packaging + 64 × late (see `parcel_code`)     |
| SETTLEMENT      | net, fen     | fee, fen        |                                                           |
| TRAFFIC         | page views   | visitors        |                                                           |
| SOCIAL_ACTIVITY | posts        | interactions    | followers under the time of day (see `followers_mark`)    |

A weight or distance of 0 is one that is not known. Snapshot kinds leave the three empty and carry `facts` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from hashlib import blake2b

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's clock an event may lie."""

EARLIEST_DAY = date(1990, 1, 1)
"""No event and no portrait is older."""

LONGEST_PERIOD_DAYS = 366
"""A tax or energy period is at most a leap year."""


class EventKind(IntEnum):
    """What happened. The numbers are stored: they are never re-used."""

    ORDER = 1
    REFUND = 2
    REVIEW = 3
    SHIPMENT = 4
    SETTLEMENT = 5
    TRAFFIC = 6
    SOCIAL_ACTIVITY = 7
    BUREAU_REPORT = 8
    TAX_RECORD = 9
    ENERGY_USE = 10
    STORE_PENALTY = 11
    REPAYMENT = 12

    @property
    def event_type(self) -> str:
        """The name on the wire, such as "order"."""
        return self.name.lower()


DAILY_KINDS = tuple(kind for kind in EventKind if kind <= EventKind.SOCIAL_ACTIVITY)
"""Kinds that come in crowds; only their daily sums are read."""

SNAPSHOT_KINDS = tuple(kind for kind in EventKind if kind > EventKind.SOCIAL_ACTIVITY)
"""Kinds that are few; each one is kept to be read."""

STAGED_COLUMNS = (
    "position",
    "source",
    "event_id",
    "merchant_no",
    "kind",
    "occurred_at",
    "day",
    "digest",
    "body",
    "first",
    "second",
    "third",
    "buyer",
    "facts",
)

Staged = tuple[object, ...]
"""One event as a row of `STAGED_COLUMNS`."""

_FOLLOWERS_BITS = 34  # 2^34 is above the 10^10 followers that a contract lets through


def buyer_hash(source: str, buyer_id: str) -> int:
    """Eight bytes that stand for a buyer, as a signed integer; enough to tell the buyers of one shop and day apart.

    A pseudonym is its source's own: the same one from two sources is two buyers.
    """
    digest = blake2b(b"%s\x00%s" % (source.encode(), buyer_id.encode()), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def payload_digest(merchant_id: str, seconds: int, nanos: int, kind: int, body: bytes) -> bytes:
    """Sixteen bytes that change with anything an event says apart from its own name."""
    return blake2b(b"%s|%d|%d|%d|%s" % (merchant_id.encode(), seconds, nanos, kind, body), digest_size=16).digest()


def parcel_code(mode: int, packaging: int, late: bool) -> int:
    """Mode (0 to 15), packaging (0 to 3) and lateness of a parcel in one number."""
    return mode + (packaging << 4) + (64 if late else 0)


def followers_mark(second_of_day: int, followers: int) -> int:
    """Followers under the second of the day: the greatest mark of a day is its newest count, whatever came first."""
    return (second_of_day << _FOLLOWERS_BITS) | followers


def followers_of(mark: int) -> int:
    """The followers in a mark of `followers_mark`."""
    return mark & ((1 << _FOLLOWERS_BITS) - 1)


@dataclass(frozen=True, slots=True)
class Reject:
    """Why one event of a batch was not taken. Never holds personal data."""

    index: int
    source: str
    event_id: str
    reason: str
    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch after every event was judged by itself: what may be stored and what may not."""

    rows: list[Staged]
    rejects: list[Reject]
    duplicate_count: int
    """Events that stand in the same batch twice, unchanged."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What the store did with rows: how many were new, how many it had, and which contradict what it has."""

    accepted_count: int
    duplicate_count: int
    conflict_positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: accepted + duplicates + rejects = events sent."""

    accepted_count: int
    duplicate_count: int
    rejects: tuple[Reject, ...]
