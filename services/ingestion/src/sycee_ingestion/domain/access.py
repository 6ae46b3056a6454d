"""Readings of personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Access:
    """One reading: who, by which RPC, what was shown and why, where that was said. Holds no personal data."""

    merchant_id: str
    at: datetime
    caller: str
    method: str
    what: str
    purpose: str
