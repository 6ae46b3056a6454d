"""Weights and thresholds. All of them are judgement: there are no labelled frauds to learn them from.

They say in points what one sign alone may do: none but a confirmed fraud of the applicant itself reaches `BLOCK_FROM`.
Chosen by thought and then by what draw 1 of `sycee eval fraud` showed; figures are to be read from other draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sycee_scoring.fraud.surroundings import Kind

VERSION: Final = "fraud-rules-1"

MOST_POINTS: Final = 1000
REVIEW_FROM: Final = 300
"""From here a person looks: more than any one habit of honest shops (a shared place, a phone in the family) gives."""

BLOCK_FROM: Final = 700
"""From here no loan, where `BLOCK_GROUPS` kinds of evidence each add at least `BLOCK_GROUP_POINTS`, or the merchant's
own fraud was confirmed."""

BLOCK_GROUPS: Final = 2
BLOCK_GROUP_POINTS: Final = 100


@dataclass(frozen=True, slots=True)
class Tie:
    """What sharing an attribute of a kind says.

    `closeness`: how surely two merchants who alone share it are one party, 0 to 1. `fading`: the power of log2 of the
    sharers by which that fades: 1 for what strangers do not share, 3 for places, which they do. `points`: the most
    that rings over it add. `free`: ties that count nothing: a couple, or two shops of one family, tie by one.
    """

    closeness: float
    fading: int
    points: int
    free: float


TIES: Final[dict[Kind, Tie]] = {
    Kind.OPERATOR: Tie(0.95, 1, 150, 1.5),
    Kind.LICENCE: Tie(0.90, 1, 150, 1.5),
    Kind.ACCOUNT: Tie(0.90, 1, 250, 1.0),
    Kind.DEVICE: Tie(0.70, 1, 250, 1.0),
    Kind.PHONE: Tie(0.60, 1, 150, 1.0),
    Kind.ADDRESS: Tie(0.30, 3, 80, 0.0),
    Kind.NETWORK: Tie(0.10, 3, 40, 0.0),
}
"""One operator may lawfully run several shops, so its own ring is worth less than an account's or a device's."""

SAME_PARTY: Final = frozenset({Kind.OPERATOR, Kind.LICENCE})
"""Who shares one of these is the same party, openly: that its shops share accounts, devices and phones follows."""

HOUSEHOLD: Final = SAME_PARTY | {Kind.PHONE}
"""Who shares one of these is no stranger: a family's shops are often paid to one account."""

PLACES: Final = frozenset({Kind.ADDRESS, Kind.NETWORK})
"""What honest strangers share: a park, a warehouse, a co-working hall, a carrier's gateway."""

FAR_DECAY: Final = 0.5
"""What is left of a tie at the second step, beyond the product of the two."""

CALM: Final = 0.3
"""What is left of ties and rings where an investigation found no fraud. Not zero: a ring may grow after it."""

CALM_FOR: Final = timedelta(days=180)

FRAUD_POINTS: Final = 1000
LINKED_POINTS: Final = 600

TOGETHER_POINTS: Final = 300
TOGETHER_OPENED: Final = timedelta(days=30)
TOGETHER_APPLIED: Final = timedelta(days=7)
TOGETHER_FREE: Final = 1.0
APPLIED_WEIGHT: Final = 0.5
OPENED_WEIGHT: Final = 1.0
BOTH_WEIGHT: Final = 2.0
"""Two friends may open shops together; rings are more. Each member counts by its closeness, less where it merely
applied in the same days, as the clients of one bookkeeper do, and more where it opened in the same month as well."""

OWN_SPEED_POINTS: Final = 400
SHARED_SPEED_POINTS: Final = 250
OWN_FREE: Final = (3, 5, 10, 15)
"""Applications over `WINDOWS` that a merchant makes who compares amounts and terms. Four times as many in any window
are for a person to look at, whatever else there is."""

RING_FREE: Final = (2, 3, 6, 10)
PLACE_FREE: Final = (6, 12, 30, 80)
"""Applications over `WINDOWS` by all who share an attribute: a person's (a family of three), and a place's (a park
whose operator told everybody of the loan)."""

MULE_POINTS: Final = 450
MULE_HALF: Final = 2.0
MULE_FREE: Final = 0.5

INFLOW_POINTS: Final = 250
INFLOW_MONTHS: Final = 6
INFLOW_WEEKS: Final = 2
INFLOW_FEN: Final = 5_000_000
INFLOW_FLOOR_FEN: Final = 500_000
INFLOW_FREE: Final = 5.0
"""A shop of at most six months whose last two weeks each sold 50,000 yuan or more, over five times its weeks before
(taken as at least 5,000 yuan). The largest festival multiplies a usual shop's week by three to five."""

PAYOUT_POINTS: Final = 300
PAYOUT_FREE: Final = 1.5
PAYOUT_MOST: Final = 100.0
"""Payouts over sales: days differ by weeks of holding, which half as much again covers."""

BRUSHING_POINTS: Final = 350
BRUSHING_FREE: Final = 0.10
BRUSHING_FULL: Final = 0.60

DOCUMENT_POINTS: Final = 450
DOCUMENT_TRUST: Final = 0.8
"""How far the strongest sign goes by itself: a picture can always have been photographed badly."""
