"""Numbers of the advisory locks that this service takes, within its own database."""

from __future__ import annotations

MAKE_PARTITION = 0x5CEE_0001
"""Held while a partition of `events` is made."""

RETENTION = 0x5CEE_0003
"""Held by the process that runs the retention jobs."""

PORTRAY = 0x5CEE_0004
"""With a merchant's number: held by the process that makes its portrait."""
