"""Labels: 90 days past due within twelve months of scoring; what is not known yet is neither good nor bad."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.outcomes.labels import (
    LEAST_OBSERVED_SHARE,
    Judged,
    Label,
    Outcome,
    censoring_weights,
    horizon_end,
    judge,
)

SCORED = date(2024, 3, 10)
END = date(2025, 3, 10)

judgements = st.lists(st.builds(Judged, st.sampled_from(Label), st.integers(0, 366)), min_size=1, max_size=60)


def weights_of(judged: list[Judged]) -> list[float]:
    known = np.array([one.label is not Label.UNKNOWN for one in judged])
    return censoring_weights(np.array([one.days for one in judged]), known).tolist()


def outcome(until: date, defaulted: date | None = None, closed: date | None = None) -> Outcome:
    return Outcome("loan-1", "shop-1", SCORED + timedelta(days=3), until, defaulted, closed)


@pytest.mark.parametrize(
    ("seen", "label", "days"),
    [
        (outcome(END), Label.GOOD, 365),
        (outcome(END - timedelta(days=1)), Label.UNKNOWN, 364),
        (outcome(END, defaulted=END), Label.BAD, 365),
        (outcome(END + timedelta(days=9), defaulted=END + timedelta(days=1)), Label.GOOD, 365),
        (outcome(date(2024, 9, 1), defaulted=date(2024, 8, 1)), Label.BAD, 144),
        (outcome(date(2024, 9, 1), closed=date(2024, 8, 1)), Label.GOOD, 144),
        (outcome(date(2024, 9, 1), defaulted=date(2024, 7, 1), closed=date(2024, 8, 1)), Label.BAD, 113),
        (outcome(END + timedelta(days=90), closed=END + timedelta(days=60)), Label.GOOD, 365),
    ],
)
def test_a_label_is_what_is_known_at_twelve_months(seen: Outcome, label: Label, days: int) -> None:
    assert judge(SCORED, seen) == Judged(label, days)


@pytest.mark.parametrize(
    ("scored", "end"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2024, 12, 31), date(2025, 12, 31)),
    ],
)
def test_twelve_months_end_on_the_same_day(scored: date, end: date) -> None:
    assert horizon_end(scored) == end


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_every_day_has_its_horizon(scored: date) -> None:
    assert 363 <= (horizon_end(scored) - scored).days <= 366


@given(judgements)
def test_the_unknown_weigh_nothing_and_the_known_at_least_one(judged: list[Judged]) -> None:
    weights = weights_of(judged)
    for one, weight in zip(judged, weights, strict=True):
        if one.label is Label.UNKNOWN:
            assert weight == 0.0
        else:
            assert 1.0 <= weight <= 1.0 / LEAST_OBSERVED_SHARE + 1e-9


@given(judgements.map(lambda some: [one for one in some if one.label is not Label.UNKNOWN]).filter(bool))
def test_without_censoring_all_weigh_one(judged: list[Judged]) -> None:
    assert weights_of(judged) == [1.0] * len(judged)


def test_weights_are_those_of_a_worked_example() -> None:
    """Four loans: bad on day 100; lost on day 200, when three were at risk; good at 365 twice: G = 2/3."""
    judged = [Judged(Label.BAD, 100), Judged(Label.UNKNOWN, 200), Judged(Label.GOOD, 365), Judged(Label.GOOD, 365)]
    assert weights_of(judged) == pytest.approx([1.0, 0.0, 1.5, 1.5])


def test_of_one_day_the_label_comes_first() -> None:
    """The bad loan had left when the other was lost sight of: one of two, so that G = 1/2."""
    assert weights_of([Judged(Label.BAD, 200), Judged(Label.UNKNOWN, 200), Judged(Label.GOOD, 365)]) == [1.0, 0.0, 2.0]


def test_weights_undo_the_bias_of_young_loans() -> None:
    """Half of the book is young: dropping the unknown would call it worse than it is, weights do not."""
    random = np.random.default_rng(3)
    count, rate = 20_000, 0.10
    bad = random.random(count) < rate
    fell = random.integers(90, 365, count)
    observed = np.where(random.random(count) < 0.5, 365, random.integers(30, 365, count))
    judged = [
        Judged(Label.BAD, int(day))
        if ill and day <= until
        else Judged(Label.GOOD, 365)
        if until >= 365
        else Judged(Label.UNKNOWN, int(until))
        for ill, day, until in zip(bad, fell, observed, strict=True)
    ]
    weights = np.array(weights_of(judged))
    label = np.array([one.label is Label.BAD for one in judged], dtype=float)
    dropped = label[weights > 0].mean()
    assert dropped > 0.12
    assert float(weights @ label / weights.sum()) == pytest.approx(rate, abs=0.006)
