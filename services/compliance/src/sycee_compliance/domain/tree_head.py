"""Signed statements of the log's size and root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of a log, when it was signed (UTC, whole microseconds), by which key, and the Ed25519 signature."""

    log_id: str
    tree_size: int
    root_hash: bytes
    signed_at: datetime
    key_id: str
    signature: bytes


def signed_text(log_id: str, tree_size: int, root_hash: bytes, signed_at: datetime) -> bytes:
    """The bytes that a head's signature covers: five lines, each ended by a line feed."""
    timestamp_us = (signed_at - EPOCH) // MICROSECOND
    return f"sycee-tree-head-v1\n{log_id}\n{tree_size}\n{root_hash.hex()}\n{timestamp_us}\n".encode()
