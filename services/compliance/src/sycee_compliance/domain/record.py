"""Records of the log: canonical JSON, the same bytes for the same content."""

from __future__ import annotations

import json
from typing import NoReturn

from sycee_service.errors import InvalidArgument

FIELD = "record"


def _no_floats(_: str) -> NoReturn:
    raise ValueError("floating point")


_decoder = json.JSONDecoder(parse_float=_no_floats, parse_constant=_no_floats)
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def check_canonical(record: bytes) -> None:
    """Raises InvalidArgument unless the record is an object in canonical JSON.

    Canonical: UTF-8, keys sorted by code point and none twice, no spaces, whole numbers only, escapes only where JSON
    asks for them. Whatever does not serialise back to the very same bytes is something else.
    """
    try:
        content = _decoder.decode(record.decode("utf-8"))
        again = _encoder.encode(content).encode("utf-8")
    except (ValueError, RecursionError):
        # The parser's own words would quote the record.
        raise InvalidArgument(FIELD, "must be JSON in UTF-8 without floating point") from None
    if not isinstance(content, dict):
        raise InvalidArgument(FIELD, "must be a JSON object")
    if again != record:
        raise InvalidArgument(FIELD, "must be canonical JSON: sorted keys, none twice, no spaces, shortest escapes")
