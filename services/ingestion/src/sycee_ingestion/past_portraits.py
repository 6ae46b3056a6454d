"""Portraits of the past made lately, each good until anything is stored of its merchant.

A decision is looked into again and again. The store tells a merchant's version in a fraction of the time that it takes
to make a portrait.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from sycee_ingestion.books import Point
from sycee_ingestion.domain.profile import Traits
from sycee_ingestion.standing import Profile


@dataclass(frozen=True, slots=True)
class PastPortrait:
    """A portrait, and the version and traits of the merchant that it was made of."""

    profile: Profile
    version: int
    traits: Traits


class PastPortraits:
    """The portraits used last, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Point, PastPortrait] = OrderedDict()

    def get(self, point: Point, version: int, traits: Traits) -> Profile | None:
        """The portrait of a point, if it is kept and holds. Not to be changed."""
        found = self._kept.get(point)
        if found is None or found.version != version or found.traits != traits:
            return None
        self._kept.move_to_end(point)
        return found.profile

    def keep(self, point: Point, portrait: PastPortrait) -> None:
        """Keeps a portrait, in place of the one used longest ago when there are too many."""
        self._kept[point] = portrait
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
