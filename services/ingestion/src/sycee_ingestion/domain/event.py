"""Kinds of event and the numbers that each one adds to a day.

An event on its way into the store is a plain tuple in the order of `STAGED_COLUMNS` (a batch holds a thousand of them
and an object each would cost more than the arithmetic). `first`, `second` and `third` mean, by kind:

| kind            | first        | second          | third                                                     |
|-----------------|--------------|-----------------|-----------------------------------------------------------|
| ORDER           | paid, fen    | pieces of goods | hour of the day, 0 to 23, Asia/Shanghai                   |
| REFUND          | refunded, fen| goods returned  | disputed                                                  |
| REVIEW          | stars        | complaint       | has a text                                                |
| SHIPMENT        | weight, g    | distance, km    | `parcel_code`                                             |
| SETTLEMENT      | net, fen     | fee, fen        |                                                           |
| TRAFFIC         | page views   | visitors        |                                                           |
| SOCIAL_ACTIVITY | posts        | interactions    | followers under the time of day (see `followers_mark`)    |
| INVOICE         | net, fen     | tax, fen        | `invoice_code`                                            |
| DAILY_COUNT     | payments     | their sum, fen  | whether the sum was said                                  |

A weight or distance of 0 is one that is not known. Snapshot kinds leave the three empty and carry `facts` instead.
Beside them stand hashes of names (`domain.event_names`), 0 where nothing was said: `order_key` of the order that an
order, refund, review or shipment belongs to; `party` of an order's buyer, an invoice's other side, or the account that
a settlement was paid to; `goods`, `address` and `device` of an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's clock an event may lie."""

EARLIEST_DAY = date(1990, 1, 1)
"""No event and no portrait is older."""

LONGEST_PERIOD_DAYS = 366
"""A tax or energy period is at most a leap year."""


INVALID_FIELD = "INVALID_FIELD"
"""The reason of a reject that breaks a rule of one field."""


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
    INVOICE = 13
    DAILY_COUNT = 14

    @property
    def event_type(self) -> str:
        """The name on the wire, such as "order"."""
        return self.name.lower()


SNAPSHOT_KINDS = tuple(kind for kind in EventKind if EventKind.BUREAU_REPORT <= kind <= EventKind.REPAYMENT)
"""Kinds that are few; each one is kept to be read."""

DAILY_KINDS = tuple(kind for kind in EventKind if kind not in SNAPSHOT_KINDS)
"""Kinds that come in crowds; mostly their daily sums are read."""


class Dimension(IntEnum):
    """What a day's trade splits into. The numbers are stored: they are never re-used."""

    BUYER = 1
    """Orders by buyer."""
    GOODS = 2
    """Orders by goods."""
    CUSTOMER = 3
    """Sale invoices that are not void, by customer; red-letter ones take their amount off again."""
    SUPPLIER = 4
    """Purchase invoices that are not void, by supplier; red-letter ones take their amount off again."""


STAGED_COLUMNS = (
    "position",
    "place",
    "hash",
    "source",
    "event_id",
    "merchant_no",
    "kind",
    "revision",
    "withdrawn",
    "occurred_at",
    "day",
    "digest",
    "body",
    "first",
    "second",
    "third",
    "order_key",
    "party",
    "goods",
    "address",
    "device",
    "facts",
)

Staged = tuple[
    int, int, int, str, str, int, int, int, bool, datetime, date, int, bytes,
    int, int, int, int, int, int, int, int, str | None,
]  # fmt: skip
"""One event as a row of `STAGED_COLUMNS`."""

ERASED = 0
"""Stands for the number of a merchant whose data was erased; real numbers begin with 1."""

_FOLLOWERS_BITS = 34  # 2^34 is above the 10^10 followers that a contract lets through

MARK_BITS = 51
"""Bits of what `followers_mark` answers: 17 of seconds of the day, 34 of followers."""

MOST_MARK_GENERATIONS = 4_095
"""What stands above MARK_BITS in a stored mark: each correction of a day's followers is a generation of its own, which
tops the ones before. A day that is corrected more often than this keeps the greatest mark of its last generation."""


def parcel_code(mode: int, packaging: int, late: bool, odd_route: bool) -> int:
    """A parcel in one number: mode (0 to 15) + 16 × packaging (0 to 3) + 64 × late + 128 × odd route."""
    return mode + (packaging << 4) + (64 if late else 0) + (128 if odd_route else 0)


def invoice_code(direction: int, voided: bool) -> int:
    """Direction (1 sale, 2 purchase) and voidness of an invoice in one number: direction + 4 × voided."""
    return direction + (4 if voided else 0)


def followers_mark(second_of_day: int, followers: int) -> int:
    """Followers under the second of the day: the greatest mark of a day is its newest count, whatever came first."""
    return (second_of_day << _FOLLOWERS_BITS) | followers


def followers_of(mark: int) -> int:
    """The followers in a mark of `followers_mark`, also as it is stored: under its generation."""
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
    """A batch after every event was judged by itself: what may be stored and what may not.

    The positions of rows count on over batches, so that those of several can be told apart.
    """

    rows: list[Staged]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Merged:
    """The positions of rows that the store did not take; it has taken the others."""

    duplicates: frozenset[int] = frozenset()
    """Rows of a revision that is stored, or that is lower than the one that is."""
    conflicts: frozenset[int] = frozenset()
    """Rows of a revision that is stored with another content."""
    moved: frozenset[int] = frozenset()
    """Corrections that name another merchant, kind or business day than what they correct."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: accepted + duplicates + rejects = events sent."""

    accepted_count: int
    duplicate_count: int
    rejects: tuple[Reject, ...]
