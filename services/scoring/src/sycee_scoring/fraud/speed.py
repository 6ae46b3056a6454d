"""How fast applications come: a merchant's own, and those of all who share something."""

from __future__ import annotations

from collections.abc import Sequence

from sycee_scoring.fraud.judgement import OWN_FREE, PLACE_FREE, PLACES, RING_FREE
from sycee_scoring.fraud.surroundings import NO_APPLICATIONS, Kind, Surroundings


def own_speed(around: Surroundings) -> tuple[float, int]:
    """How far the applicant's own applications, this one included, pass what is usual: strength 0 to 1, and the count
    in the window that passes it most."""
    return _excess(around.applications, OWN_FREE)


def shared_speed(around: Surroundings) -> tuple[float, int]:
    """The same of this application and all by others who share one attribute with the applicant, for the attribute that
    is worst. The applicant's earlier ones are left to `own_speed`; those of hubs are not looked at."""
    totals: dict[int, list[int]] = {}
    kinds: dict[int, Kind] = {}
    for member in around.members:
        for shared in member.shared:
            kinds[shared.number] = shared.kind
            total = totals.setdefault(shared.number, list(NO_APPLICATIONS))
            for place, count in enumerate(member.applications):
                total[place] += count
    worst = (0.0, 0)
    for number, total in totals.items():
        worst = max(worst, _excess(total, PLACE_FREE if kinds[number] in PLACES else RING_FREE))
    return worst


def _excess(before: Sequence[int], free: Sequence[int]) -> tuple[float, int]:
    """1 - usual / count for the window where that is most: one half for twice what is usual."""
    found = [(1.0 - usual / (count + 1), count + 1) for count, usual in zip(before, free, strict=True)]
    strength, count = max(found)
    return max(0.0, strength), count
