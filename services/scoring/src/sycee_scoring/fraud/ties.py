"""How close merchants are, from what they share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from sycee_scoring.fraud.judgement import CALM, CALM_FOR, FAR_DECAY, PLACES, SAME_PARTY, TIES
from sycee_scoring.fraud.surroundings import Kind, Member, Surroundings, Verdict


def fading(kind: Kind, sharers: int) -> float:
    """What is left of a tie over something that `sharers` (2 and up) have: 1 for two, less the more there are.

    1 / log2(sharers), after Adamic and Adar, Friends and neighbors on the web, Social Networks 25 (2003): what few
    share says more. For places cubed, which is judgement: a park's hundred tenants then tie no more than a few
    neighbours.
    """
    return 1.0 / math.log2(max(2, sharers)) ** TIES[kind].fading


def closeness(member: Member) -> float:
    """How surely a member is one party with the applicant, 0 to 1: each thing shared takes its part of the doubt."""
    return together(TIES[shared.kind].closeness * fading(shared.kind, shared.sharers) for shared in member.shared)


def together(parts: Iterable[float]) -> float:
    """1 - (1 - a)(1 - b)…: what independent signs of 0 to 1 come to (noisy or)."""
    doubt = 1.0
    for part in parts:
        doubt *= 1.0 - min(1.0, max(0.0, part))
    return 1.0 - doubt


def calm(verdict: Verdict, found_at: datetime | None, moment: datetime) -> float:
    """What is left of a tie or ring of somebody who was cleared of late; 1 for everybody else."""
    fresh = found_at is not None and moment - found_at <= CALM_FOR
    return CALM if verdict is Verdict.CLEARED and fresh else 1.0


def same_party(member: Member) -> bool:
    """Whether a member openly is the same party: another shop of the applicant's operator or company."""
    return any(shared.kind in SAME_PARTY for shared in member.shared)


def mass(around: Surroundings, kind: Kind) -> float:
    """Members tied by a kind of attribute, each by its strongest such tie faded, and calmed where cleared.

    Other shops of the same party tie by operator and licence alone. Those of a hub, whom nobody looked at one by one,
    count together; a place that is a hub counts nothing.
    """
    total = 0.0
    for member in around.members:
        if kind in SAME_PARTY or not same_party(member):
            ties = [fading(kind, shared.sharers) for shared in member.shared if shared.kind is kind]
            total += max(ties, default=0.0) * calm(member.verdict, member.found_at, around.moment)
    hubs = [one for one in around.attributes if one.kind is kind and not one.walked and kind not in PLACES]
    return total + max((fading(kind, hub.sharers) * (hub.sharers - 1) for hub in hubs), default=0.0)


def reach_of_fraud(around: Surroundings) -> float:
    """How surely the applicant is one party with a confirmed fraud within two steps, 0 to 1.

    Guilt fades with each step by the closeness of its ends, and at the second by half again; whoever was cleared passes
    less on. A clearing of the applicant calms what was found before it, and nothing found later.
    """
    near = [closeness(member) for member in around.members]
    parts = [
        near[place] * _still(around, member.found_at)
        for place, member in enumerate(around.members)
        if member.verdict is Verdict.CONFIRMED
    ]
    for far in around.far:
        if far.verdict is Verdict.CONFIRMED:
            tie = TIES[far.kind].closeness * fading(far.kind, far.sharers)
            parts.append(FAR_DECAY * tie * _best_way(around, near, far.via) * _still(around, far.found_at))
    return together(parts)


def _best_way(around: Surroundings, near: list[float], via: tuple[int, ...]) -> float:
    ways = (
        near[place] * calm(around.members[place].verdict, around.members[place].found_at, around.moment)
        for place in via
    )
    return max(ways, default=0.0)


def _still(around: Surroundings, found_at: datetime | None) -> float:
    """What the applicant's own clearing leaves of a fraud that was found."""
    later = found_at is not None and around.found_at is not None and found_at > around.found_at
    return 1.0 if later else calm(around.verdict, around.found_at, around.moment)
