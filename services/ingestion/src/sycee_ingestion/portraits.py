"""Portraits made lately, each good until anything is stored of its merchant.

A decision is often asked for again (another product, another amount, a retry). The store tells a merchant's version in
a fraction of the time that it takes to add its history up.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

from sycee_ingestion.domain.profile import Profile


@dataclass(frozen=True, slots=True)
class Portrait:
    """A portrait and the version of the merchant's data that it was made of."""

    profile: Profile
    version: int


class PortraitCache:
    """The portraits used last, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, date, date], Portrait] = OrderedDict()

    def get(self, merchant_id: str, today: date, until: date) -> Portrait | None:
        """The portrait as of these days, if it is kept; whether it still holds is for the caller to see."""
        key = (merchant_id, today, until)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, merchant_id: str, today: date, until: date, portrait: Portrait) -> None:
        """Keeps a portrait, in place of the one used longest ago when there are too many."""
        self._kept[(merchant_id, today, until)] = portrait
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
