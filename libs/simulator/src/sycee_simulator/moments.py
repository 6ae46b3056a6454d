"""Days and seconds: the market keeps the time of Asia/Shanghai (UTC+8, no summer time), events carry UTC seconds."""

from __future__ import annotations

from datetime import date
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

DAY_SECONDS: Final = 86_400
_SHANGHAI_SECONDS: Final = 8 * 3600
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

_HOUR_WEIGHTS: Final = (5, 3, 2, 1, 1, 1, 3, 6, 9, 12, 14, 13, 12, 12, 12, 13, 12, 12, 13, 17, 22, 24, 20, 12)
ORDER_SECONDS: Final[tuple[int, ...]] = tuple(
    hour * 3600 + place * 3600 // weight for hour, weight in enumerate(_HOUR_WEIGHTS) for place in range(weight)
)
"""Seconds of the day, denser where people buy: noon and, most of all, the evening. A uniform draw from it, plus less
than `ORDER_SPREAD_SECONDS`, is the second of an order."""
ORDER_SPREAD_SECONDS: Final = 150


def midnight(day: date) -> int:
    """Unix seconds at which `day` begins in Shanghai."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_SECONDS - _SHANGHAI_SECONDS


def timestamp(seconds: int) -> Timestamp:
    """A protobuf moment."""
    return Timestamp(seconds=seconds)


def proto_date(day: date) -> Date:
    """A protobuf day."""
    return Date(year=day.year, month=day.month, day=day.day)


def money(fen: int) -> Money:
    """CNY; `fen` is zero or more."""
    yuan, rest = divmod(fen, 100)
    return Money(currency_code="CNY", units=yuan, nanos=rest * 10_000_000)
