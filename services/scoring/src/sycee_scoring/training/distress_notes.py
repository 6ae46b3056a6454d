"""What the early-warning card says in words: what holds for any data, and what for the committed model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KOUBEI_DIGEST: Final = "5c1948c7ea9d7e66"
"""Digest of the counts that the committed model is learnt from; a model of other counts says nothing about them."""

PROVENANCE: Final = (
    "Chinese shops' daily payment counts, published with the IJCAI-17 contest (Koubei). **The licence of those data is"
    " unstated.** No row of them is here: the model is seven tables of quantiles and three numbers. A lender in doubt"
    " trains its own, see below."
)

CHOSEN: Final = (
    "All ranks weigh the same, for fitted weights did worse in later months: each season teaches others. That the"
    " calendar, weekday pattern and gaps are in, the level and the ratio of 28 to 56 days out, was found here, by"
    " dropping and adding one figure at a time. The simulated shops moved the AUC by less than 0.001; a quarter of the"
    " ridge regression mixed in, by no more than 0.002."
)

TEST_LOOKS: Final = (
    "The outcomes of this period were looked at three times. First in a trial of four and of six of the figures, ranks"
    " averaged (AUC 0.845 and 0.841). Then with all seven (0.834, and the rivals as they are below): there the invented"
    " campus shop below was given 4 % in July, because a rank cannot say that a fall is all but certain. So ranks"
    " became log-odds of ranks, and `half_risk` was let in by itself, with a weight that the learning period could not"
    " tell from none. Then for this card. That some rivals did better here than before was no ground to take one."
)

CAMPUS_SHOP: Final = (
    "So a campus shop rings in July, rightly: its trade will fall, as each year. In August, half way through, it rings"
    " still; in September no more. That is a season and not ruin, and the reasons tell which."
)

KOUBEI_LIMIT: Final = (
    "Every shop in the file still traded at its end, so that closures for good are neither in the learning nor in the"
    " test; the simulated shops hold some. The real ones were growing with a new way to pay, 2015 to 2016."
)

LIMITS: Final = (
    "It warns of a fall against the shops in the same file, not of default: no loan and no repayment is in the data. It"
    " is for monitoring, and no part of a score or a limit.",
    "Most falls it finds are seasons: a shop beside a school falls in July and comes back in September. The reason"
    " SCHOOL_CALENDAR says so; a monitor that should not ring for seasons leaves out warnings which that reason leads.",
    "School terms are one national calendar. Universities and schools, north and south differ by a week or two, and"
    " years outside 2014 to 2050 use a usual lunar new year.",
    "Payments are counted, not their amounts, and only those of one way to pay: a shop that moves its customers to"
    " another looks like one that loses them.",
    "The level does not carry from month to month, since base rates swing with the calendar; hence the width of the 90"
    " % interval. Between shops on one day, the order is what counts.",
    "One request knows its peers by one figure, peer_change_28d; left out, a fall that all share counts as the shop's"
    " own.",
)


NAMES: Final[Mapping[str, str]] = {
    "this_model": "**ranks of seven figures, one weight (this model)**",
    "falling_ratio": "falling ratio, 28 over 56 days",
    "ridge_logistic": "ridge logistic regression, same figures",
    "monotone_boosting": "60 small monotone trees, same figures",
    "default_lightgbm": "default LightGBM, same figures",
}
"""Models by the names that the card's figures use."""

FIGURES: Final = (
    (
        "half_risk",
        "chance that trade halves, going by the last 14 days, the school calendar and weekly swings",
        "worse",
    ),
    ("below_peak", "last two weeks over the best week of the half-year, breaks allowed for (log)", "better"),
    ("restless", "daily coefficient of variation over 56 days (log)", "worse"),
    ("season_turn", "what coming school breaks, against those just past, are expected to do (log)", "better"),
    ("weekday_break", "weekend over weekday trade (log) times coming less past share of break days", "better"),
    (
        "trend",
        "slope of the last four weeks (log a week), less a quarter of the peers' change in 28 days (log)",
        "better",
    ),
    ("gaps", "share of the last 28 days without trade", "worse"),
)
"""The figures of `features`: name, what it is, and what a larger one means."""


def notes(digest: str) -> dict[str, str]:
    """The words for counts of this digest, by place in the card; none for others than the committed model's."""
    if not digest.startswith(KOUBEI_DIGEST):
        return {}
    return {"provenance": PROVENANCE, "chosen": CHOSEN, "test_looks": TEST_LOOKS, "campus_shop": CAMPUS_SHOP}


def limits(digest: str) -> list[str]:
    """The limits of a model learnt from counts of this digest."""
    return [*LIMITS, KOUBEI_LIMIT] if digest.startswith(KOUBEI_DIGEST) else list(LIMITS)
