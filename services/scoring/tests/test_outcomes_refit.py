"""The refit finds a known truth from many outcomes, hardly moves for few, and says what it knows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcome_books import COMPONENTS, FIRST, book, evidence_of, loans
from sycee_scoring.domain.combine import COMMITTED, FULL_WEIGHTS
from sycee_scoring.domain.scale import BASE_LOG_ODDS, log_odds, probability
from sycee_scoring.model_files import ModelRefusedError
from sycee_scoring.outcomes import artefact
from sycee_scoring.outcomes.combination_card import refitted
from sycee_scoring.outcomes.refit import calibration_error, fit, refit
from sycee_scoring.outcomes.rows import OutcomeRows, ScoredLoan, outcome_rows
from sycee_service.errors import FailedPrecondition

TRUTH = (-2.4, (0.6, 1.5, 0.3))

some_rows = st.integers(0, 40).flatmap(
    lambda count: st.builds(
        lambda evidence, bad: OutcomeRows(
            COMPONENTS,
            np.array(evidence, dtype=np.float64).reshape(count, 3),
            np.array(bad, dtype=np.float64),
            np.ones(count, dtype=bool),
            np.ones(count, dtype=bool),
            np.full(count, 365),
            np.ones(count),
            (FIRST,) * count,
        ),
        st.lists(st.lists(st.floats(-4, 4), min_size=3, max_size=3), min_size=count, max_size=count),
        st.lists(st.booleans(), min_size=count, max_size=count),
    )
)


def seen_until(some: list[ScoredLoan], today: date) -> list[ScoredLoan]:
    """The same loans as they are known on a day; those drawn later are not there yet."""
    seen = []
    for loan in some:
        if loan.scored_on <= today:
            until = min(loan.outcome.observed_until, today)
            fell = loan.outcome.defaulted_on
            fell = fell if fell is not None and fell <= until else None
            seen.append(replace(loan, outcome=replace(loan.outcome, observed_until=until, defaulted_on=fell)))
    return seen


def test_many_outcomes_find_the_truth() -> None:
    found = fit(book(20_000, *TRUTH, seed=1))
    assert found.base_log_odds == pytest.approx(TRUTH[0], abs=0.08)
    assert found.scales.tolist() == pytest.approx(TRUTH[1], abs=0.12)


def test_nothing_known_changes_nothing() -> None:
    found = fit(book(4, *TRUTH, seed=1).only(np.zeros(4, dtype=bool)))
    assert found.base_log_odds == pytest.approx(BASE_LOG_ODDS)
    assert found.scales.tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert calibration_error(found, book(4, *TRUTH, seed=1).only(np.zeros(4, dtype=bool))) == 0.30


def test_the_error_falls_with_outcomes_and_rises_where_they_contradict_the_prior() -> None:
    errors = []
    for count in (100, 500, 5_000):
        books = [book(count, BASE_LOG_ODDS, (1.0, 1.0, 1.0), seed=seed) for seed in range(5)]
        errors.append(np.mean([calibration_error(fit(rows), rows) for rows in books]))
    assert errors == sorted(errors, reverse=True)
    assert 0.2 < errors[0] < 0.45
    assert errors[2] < 0.15
    contradicted = book(300, -1.5, (1.0, 1.0, 1.0), seed=1)
    assert calibration_error(fit(contradicted), contradicted) > 0.30


def test_few_outcomes_hardly_move_and_more_move_more() -> None:
    """A tenth of the way with twenty outcomes, most of it with thousands; means of five books each."""
    way = [
        np.mean([fit(book(count, *TRUTH, seed=seed)).base_log_odds - BASE_LOG_ODDS for seed in range(5)])
        / (TRUTH[0] - BASE_LOG_ODDS)
        for count in (20, 200, 2_000)
    ]
    assert way == sorted(way)
    assert way[0] < 0.2
    assert way[2] > 0.8


@settings(deadline=None, max_examples=60)
@given(some_rows)
def test_any_rows_keep_the_bounds_and_a_bounded_step(rows: OutcomeRows) -> None:
    found = fit(rows)
    for name, scale in zip(COMPONENTS, found.scales, strict=True):
        assert 0.0 <= scale <= 1.0 / FULL_WEIGHTS[name] + 1e-12
    # Each outcome pulls the base by less than one, and the prior holds it back by 1 / 0.30².
    assert abs(found.base_log_odds - BASE_LOG_ODDS) <= len(rows.bad) * COMMITTED.calibration_error**2 + 1e-6
    assert 0.10 <= calibration_error(found, rows) < 5.0


@settings(deadline=None, max_examples=60)
@given(some_rows)
def test_more_defaults_never_lower_the_base(rows: OutcomeRows) -> None:
    worse = replace(rows, bad=np.ones(len(rows.bad)), evidence=np.zeros_like(rows.evidence))
    better = replace(worse, bad=rows.bad)
    assert fit(worse).base_log_odds >= fit(better).base_log_odds - 1e-9


def test_a_component_that_misleads_is_set_to_nothing_not_turned_around() -> None:
    found = fit(book(10_000, -2.5, (1.0, 1.0, -0.8), seed=3))
    assert found.scales[2] == 0.0
    assert found.scales[0] == pytest.approx(1.0, abs=0.12)


def test_censoring_does_not_make_the_book_worse() -> None:
    """The newest loans are seen for a quarter of a year only: their defaults are in, their goods are not."""
    whole = loans(12_000, *TRUTH, seed=4)
    seen = seen_until(whole, FIRST + timedelta(days=365 + 120))
    rows = outcome_rows(seen, COMPONENTS)
    unweighted = replace(rows, weight=(rows.weight > 0).astype(float))
    assert 0 < rows.counts()[0] < 0.6 * len(seen)
    truth = fit(outcome_rows(whole, COMPONENTS)).base_log_odds
    assert abs(fit(rows).base_log_odds - truth) < 0.12
    assert fit(unweighted).base_log_odds - truth > 0.3


@pytest.mark.parametrize("count", [10, 49])
def test_too_few_outcomes_are_refused(count: int) -> None:
    with pytest.raises(FailedPrecondition, match=f"{count} known outcomes"):
        refit(book(count, *TRUTH, seed=5), "x")


def test_the_interval_comes_from_outcomes_once_there_are_enough() -> None:
    assert refit(book(300, *TRUTH, seed=6), "x").calibration is None
    assert refit(book(3_000, *TRUTH, seed=6), "x").calibration is not None


def test_intervals_hold_the_true_rate_of_their_score() -> None:
    """Six lenders of 3,000 loans, both ways of giving the interval on whole portraits: the rate of those with the same
    score, known in simulation, lies within at least 90 of 100 of the intervals."""
    held = {True: [], False: []}
    for seed in range(6):
        model = refit(book(3_000, *TRUTH, seed=seed), "x")
        random = np.random.default_rng(1_000 + seed)
        evidence = evidence_of(random, 20_000)
        truth = 1.0 / (1.0 + np.exp(-(TRUTH[0] + evidence @ np.array(TRUTH[1]))))
        odds = model.base_log_odds + evidence @ np.array([model.scales[name] for name in COMPONENTS])
        for group in np.array_split(np.argsort(odds), 100):
            middle, rate = float(odds[group].mean()), log_odds(float(truth[group].mean()))
            low, high = model.calibration.band(middle)
            held[True].append(min(low, middle) <= rate <= max(high, middle))
            half = 1.645 * np.hypot(model.calibration_error, 0.3)
            held[False].append(abs(rate - middle) <= half)
    assert np.mean(held[True]) >= 0.90
    assert np.mean(held[False]) >= 0.90


def test_the_card_says_what_happened_on_loans_that_were_not_seen() -> None:
    made = refitted(book(6_000, *TRUTH, seed=7), "a simulated book")
    test = made.card["test"]
    assert test["brier"] < test["brier_constant"]
    assert test["brier"] < test["brier_committed"]
    assert test["auc"]["low"] < test["auc"]["value"] < test["auc"]["high"]
    assert 1_200 <= test["loans"] < 1_230
    assert test["how"].startswith("the newest")
    assert sum(row["loans"] for row in made.card["vintages"]) == test["loans"]
    assert made.card["data"]["known"] == made.row_count == 6_000
    assert made.model.version == f"combined-refit+sha256.{made.card['artefact_sha256'][:12]}"
    assert made.model.version in made.markdown
    json.dumps(made.card, allow_nan=False)


def test_a_book_is_tested_on_its_mature_loans_only() -> None:
    """Of the newest loans only defaults are known: as a test they would say that all go bad."""
    seen = seen_until(loans(6_000, *TRUTH, seed=7), FIRST + timedelta(days=365 + 200))
    card = refitted(outcome_rows(seen, COMPONENTS), "a young book").card
    assert card["test"]["how"].startswith("the newest")
    assert max(row["observed"] for row in card["vintages"]) < 0.2
    assert card["data"]["censored"] > 1_000
    assert 0.05 < card["data"]["bad_rate"] < 0.2


def test_a_book_without_mature_loans_is_tested_by_folds() -> None:
    closed = [
        replace(loan, outcome=replace(loan.outcome, closed_on=loan.scored_on + timedelta(days=60)))
        if loan.outcome.defaulted_on is None and number % 2
        else loan
        for number, loan in enumerate(loans(4_000, *TRUTH, seed=7, days=100))
    ]
    today = FIRST + timedelta(days=200)
    seen = [
        replace(loan, outcome=replace(loan.outcome, closed_on=None))
        if loan.outcome.closed_on is not None and loan.outcome.closed_on > today
        else loan
        for loan in closed
    ]
    card = refitted(outcome_rows(seen_until(seen, today), COMPONENTS), "a young book").card
    assert card["test"]["how"].startswith("5 folds")
    assert card["test"]["loans"] == card["data"]["known"] < card["data"]["loans"]


def test_the_same_rows_in_any_order_give_the_same_bytes() -> None:
    some = loans(500, *TRUTH, seed=8)
    one = refitted(outcome_rows(some, COMPONENTS), "a book")
    other = refitted(outcome_rows(some[::-1], COMPONENTS), "a book")
    assert (one.artefact, one.card, one.markdown) == (other.artefact, other.card, other.markdown)


@pytest.mark.parametrize("count", [300, 3_000])
def test_an_artefact_loads_as_what_was_written(count: int) -> None:
    made = refitted(book(count, *TRUTH, seed=9), "a book")
    loaded = artefact.from_bytes(made.model.version, made.artefact)
    assert loaded == made.model
    assert probability(loaded.base_log_odds) > 0.03


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_log_odds", "x"),
        ("base_log_odds", 99.0),
        ("scales", {"structural": -0.1, "application": 1.0, "bureau": 1.0}),
        ("scales", {"structural": 1.0}),
        ("features", ["structural"]),
        ("calibration", {"edges": [1.0, 0.0], "low": [0, 0, 0], "high": [1, 1, 1]}),
        ("calibration", {"edges": [0.0], "low": [0], "high": [1, 1]}),
        ("calibration", {"edges": [0.0], "low": [1.0, 0.0], "high": [1.0, 2.0]}),
        ("format", "other"),
        ("more", 1),
        ("calibration_error", True),
    ],
)
def test_an_artefact_that_cannot_be_is_refused(name: str, value: object) -> None:
    content = json.loads(artefact.to_bytes(COMMITTED)) | {name: value}
    with pytest.raises(ModelRefusedError):
        artefact.from_bytes("x", json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b"{}"])
def test_bytes_that_are_no_artefact_are_refused(content: bytes) -> None:
    with pytest.raises(ModelRefusedError):
        artefact.from_bytes("x", content)
