"""Contract types to plain ones and back: money, days, times, page tokens.

Total: every message there can be gives a value or `InvalidArgument` that names the field.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from datetime import UTC, date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

from sycee_service.errors import InvalidArgument

CURRENCY = "CNY"
# Ten trillion yuan. Thousands of such amounts still add up within PostgreSQL's bigint.
MAX_FEN = 10**15
_NANOS_PER_FEN = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_SECONDS = -62_135_596_800  # 0001-01-01T00:00:00Z, the range that google.protobuf.Timestamp states
_MAX_SECONDS = 253_402_300_799  # 9999-12-31T23:59:59Z


def money_to_fen(field: str, money: Money) -> int:
    """Whole, non-negative fen of a CNY amount, at most `MAX_FEN`; anything else is InvalidArgument."""
    if money.currency_code != CURRENCY:
        raise InvalidArgument(f"{field}.currency_code", f"must be {CURRENCY}", value=money.currency_code)
    units: int = money.units
    nanos: int = money.nanos
    if units < 0 or nanos < 0:
        raise InvalidArgument(field, "must not be negative", value=f"{units} units, {nanos} nanos")
    if nanos >= 1_000_000_000 or nanos % _NANOS_PER_FEN:
        raise InvalidArgument(f"{field}.nanos", "must be whole fen, below one yuan", value=nanos)
    fen = units * 100 + nanos // _NANOS_PER_FEN
    if fen > MAX_FEN:
        raise InvalidArgument(f"{field}.units", f"must be at most {MAX_FEN // 100} yuan", value=units)
    return fen


def fen_to_money(fen: int) -> Money:
    """A CNY amount; below zero units and nanos are both negative, as google.type.Money wants."""
    sign = -1 if fen < 0 else 1
    units, rest = divmod(abs(fen), 100)
    return Money(currency_code=CURRENCY, units=sign * units, nanos=sign * rest * _NANOS_PER_FEN)


def date_from_proto(field: str, day: Date) -> date:
    """A full calendar day; a partial one (no year, month or day) or one that does not exist is InvalidArgument."""
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError):
        value = f"{day.year}-{day.month}-{day.day}"
        raise InvalidArgument(field, "must be a full calendar day", value=value) from None


def date_to_proto(day: date) -> Date:
    """The same day."""
    return Date(year=day.year, month=day.month, day=day.day)


def time_from_proto(field: str, moment: Timestamp) -> datetime:
    """An aware UTC datetime, exact to the microsecond, finer parts cut off; outside years 1–9999 InvalidArgument."""
    seconds, nanos = moment.seconds, moment.nanos
    if not (_MIN_SECONDS <= seconds <= _MAX_SECONDS and 0 <= nanos <= 999_999_999):
        raise InvalidArgument(field, "must be a time in the years 1 to 9999", value=f"{seconds} s, {nanos} ns")
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def time_to_proto(moment: datetime) -> Timestamp:
    """The same moment; it must be aware."""
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def page_token_encode(*keys: str) -> str:
    """An opaque token of the keys of a page's last row. It is checked against slips, not kept secret."""
    body = json.dumps(keys, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.crc32(body).to_bytes(4, "big") + body).decode().rstrip("=")


def page_token_decode(field: str, token: str, count: int) -> tuple[str, ...]:
    """The `count` keys in a token that `page_token_encode` made; anything else is InvalidArgument."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        body = raw[4:] if zlib.crc32(raw[4:]) == int.from_bytes(raw[:4], "big") else b""
        keys = json.loads(body)
    except (ValueError, binascii.Error, RecursionError):
        raise _bad_token(field) from None
    if not isinstance(keys, list) or len(keys) != count or not all(_is_key(key) for key in keys):
        raise _bad_token(field)
    return tuple(keys)


def _is_key(key: object) -> bool:
    """Text that PostgreSQL can take: no NUL, no half of a surrogate pair."""
    return isinstance(key, str) and "\x00" not in key and not any("\ud800" <= c <= "\udfff" for c in key)


def _bad_token(field: str) -> InvalidArgument:
    return InvalidArgument(field, "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")
