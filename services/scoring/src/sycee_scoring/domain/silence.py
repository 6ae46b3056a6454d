"""How likely it is that a trade has ended, from how regular it was and how long it has been silent.

Shops and firms rarely say that they close: they stop selling. A silence is judged by the trade's own habit: three weeks
without a sale mean much for a shop that sold in every week, and nothing for a firm that sells four times a year.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final, NamedTuple

EXIT_RATE: Final = 0.10
"""Share of small firms that close within a year. US Census Bureau, Business Dynamics Statistics: firm death rates of 8
to 10 % a year over all firms, higher for small ones."""

BURSTINESS: Final = 0.5
"""A silent week counts half: orders come in bursts, so silences are longer than independent weeks would make them.
Judgement."""

HABIT_PRIOR_WEEKS: Final = 2.0
"""One week with trade and one without, added to what was seen (Laplace)."""

MOST_RATE: Final = 0.8
"""However regular a shop was, a week off for illness, a holiday or want of stock is no wonder. Judgement."""

REST_DAYS: Final = (7, 14)
"""Days before and after lunar new year on which trade rests: parcels stop, and businesses open again about the Lantern
festival. Sales invoices of 302 Chinese firms (CUMCM 2020 C) in 2018 and 2019: the week before 0.3, the first 0.03, the
second 0.6 of an ordinary one."""

_NEW_YEARS: Final = {
    2015: (2, 19),
    2016: (2, 8),
    2017: (1, 28),
    2018: (2, 16),
    2019: (2, 5),
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2029: (2, 13),
    2030: (2, 3),
    2031: (1, 23),
    2032: (2, 11),
    2033: (1, 31),
    2034: (2, 19),
    2035: (2, 8),
}
"""Lunar new year, 2015 to 2035; other years have no rest."""


class Habit(NamedTuple):
    """How often there was trade, and how long there has been none."""

    observed_weeks: int  # from the first week to the last with a sale
    active_weeks: int  # of these, with a sale
    silent_weeks: int  # since

    @property
    def rate(self) -> float:
        """Chance that a week has a sale while the trade goes on, above 0 and at most `MOST_RATE`."""
        return min((self.active_weeks + 1.0) / (self.observed_weeks + HABIT_PRIOR_WEEKS), MOST_RATE)


def habit(weekly_net_fen: tuple[int, ...]) -> Habit:
    """Counts weeks, oldest first. A week in which more went back than came in is one without a sale."""
    weeks = len(weekly_net_fen)
    silent = 0
    while silent < weeks and weekly_net_fen[weeks - 1 - silent] <= 0:
        silent += 1
    return Habit(weeks - silent, sum(1 for fen in weekly_net_fen if fen > 0), silent)


def unrested_weeks(silent_weeks: int, day: date) -> float:
    """Silent weeks before `day`, less the days of them on which trade rests anyway."""
    end = day - timedelta(days=1)
    start = day - timedelta(days=7 * silent_weeks)
    rest = 0
    for year in range(start.year, end.year + 1):
        if year in _NEW_YEARS:
            new_year = date(year, *_NEW_YEARS[year])
            first, last = new_year - timedelta(days=REST_DAYS[0]), new_year + timedelta(days=REST_DAYS[1])
            rest += max((min(last, end) - max(first, start)).days + 1, 0)
    return max(silent_weeks - rest / 7.0, 0.0)


def ended_log_odds(silent_weeks: float, rate: float) -> float:
    """Log-odds that a trade with a sale in a share `rate` of its weeks has ended, after `silent_weeks` without one;
    −inf where there was no silence.

    A trade ends in any week with probability d, and sells in a week that it lives with probability r. With
    q = (1 − d)·(1 − r), n silent weeks have the likelihood qⁿ if it lives still and Σ d·qʲ, j < n, if it has ended:

        odds = d·(q⁻ⁿ − 1)/(1 − q)

    Source: the beta-geometric/beta-Bernoulli model with both rates known, P. Fader, B. Hardie and J. Shang,
    Customer-Base Analysis in a Discrete-Time Noncontractual Setting, Marketing Science 29 (2010). Rises in both.
    """
    counted = BURSTINESS * silent_weeks
    if counted <= 0.0:
        return -math.inf
    ends = EXIT_RATE * 7.0 / 365.25
    log_q = math.log1p(-ends) + math.log1p(-rate)
    log_growth = -counted * log_q
    grown = log_growth if log_growth > 30.0 else math.log(math.expm1(log_growth))
    return math.log(ends) + grown - math.log(-math.expm1(log_q))
