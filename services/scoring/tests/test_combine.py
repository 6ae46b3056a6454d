"""The scale and the combination: anchor, doubling, bands, interval, reasons that add up."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_scoring.domain import scale
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.combine import FULL_WEIGHT, combine
from sycee_scoring.domain.reasons import LEAST_POINTS, MAX_REASONS, TEXTS
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS, Grade, grade, points, probability, score

FACTS = dict.fromkeys(("value", "volatility", "trend", "weeks", "worst", "months"), 0.5)
CODES = tuple(TEXTS)

causes = st.lists(
    st.builds(Cause, st.sampled_from(CODES), st.floats(-3, 3), st.just(FACTS)),
    max_size=8,
    unique_by=lambda cause: cause.code,
).map(tuple)
opinions = st.lists(
    st.builds(
        Opinion,
        name=st.just("any"),
        version=st.just("any-1"),
        log_odds=st.floats(-8, 5),
        error=st.floats(0, 2),
        weight=st.floats(0, 0.9),
        causes=causes,
    ),
    max_size=3,
).map(tuple)


def test_thirty_to_one_is_660_points_and_each_doubling_20() -> None:
    for doublings in range(-6, 7):
        assert points(-math.log(30.0 * 2.0**doublings)) == pytest.approx(660.0 + 20.0 * doublings, abs=1e-9)


def test_the_score_stays_within_300_and_850() -> None:
    assert (score(-40.0), score(40.0)) == (850, 300)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0001, Grade.A),
        (0.00999, Grade.A),
        (0.01, Grade.B),
        (0.0199, Grade.B),
        (0.02, Grade.C),
        (0.03, Grade.C),
        (0.05, Grade.D),
        (0.0999, Grade.D),
        (0.10, Grade.E),
        (0.99, Grade.E),
    ],
)
def test_grades_are_bands_of_probability(value: float, expected: Grade) -> None:
    assert grade(value) is expected


def test_nothing_known_is_the_base_rate_with_the_widest_interval() -> None:
    result = combine(())
    assert result.default_probability == pytest.approx(0.03)
    assert result.coverage == 0.0
    assert result.high / result.low > 20.0
    assert result.reasons == ()


def test_the_interval_narrows_as_coverage_grows() -> None:
    widths = []
    for weight in (0.0, 0.2, 0.4, 0.6, 0.8):
        result = combine((Opinion("any", "any-1", BASE_LOG_ODDS, 0.3, weight, ()),))
        widths.append(math.log(result.high / result.low))
    assert all(wider > narrower for wider, narrower in pairwise(widths))


@given(opinions)
def test_every_result_is_in_order(given_opinions: tuple[Opinion, ...]) -> None:
    result = combine(given_opinions)
    assert 0.0 < result.low <= result.default_probability <= result.high < 1.0
    assert scale.SCORE_MIN <= result.score <= scale.SCORE_MAX
    assert 0.0 <= result.coverage <= 1.0
    assert result.coverage == pytest.approx(min(sum(o.weight for o in given_opinions) / FULL_WEIGHT, 1.0))
    assert result.grade is grade(result.default_probability)


@given(opinions)
def test_reasons_are_few_sorted_and_did_harm(given_opinions: tuple[Opinion, ...]) -> None:
    contributions = [reason.contribution for reason in combine(given_opinions).reasons]
    assert len(contributions) <= MAX_REASONS
    assert contributions == sorted(contributions)
    assert all(contribution <= -LEAST_POINTS for contribution in contributions)


@given(opinions)
def test_without_a_cause_the_score_is_higher_by_what_its_reason_says(given_opinions: tuple[Opinion, ...]) -> None:
    whole = combine(given_opinions)
    for position, opinion in enumerate(given_opinions):
        for cause in opinion.causes:
            cured = replace(opinion, log_odds=opinion.log_odds - cause.log_odds)
            without = combine((*given_opinions[:position], cured, *given_opinions[position + 1 :]))
            gain = points(scale.log_odds(without.default_probability)) - points(
                scale.log_odds(whole.default_probability)
            )
            assert gain == pytest.approx(POINTS_PER_LOG_ODDS * opinion.weight * cause.log_odds, abs=1e-5)


@given(opinions)
def test_the_order_of_ties_is_fixed(given_opinions: tuple[Opinion, ...]) -> None:
    turned = tuple(replace(opinion, causes=opinion.causes[::-1]) for opinion in given_opinions)
    assert [r.code for r in combine(turned).reasons] == [r.code for r in combine(given_opinions).reasons]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_in_both_languages_that_are_specific(code: str) -> None:
    text_zh, text_en = TEXTS[code](FACTS)
    assert any("\u4e00" <= character <= "\u9fff" for character in text_zh)
    assert text_en.isascii()
    assert "score" not in text_en.lower()
    assert "评分" not in text_zh


@given(st.floats(-30, 30))
def test_probability_and_log_odds_undo_each_other(value: float) -> None:
    assert scale.log_odds(probability(value)) == pytest.approx(value, abs=1e-2 if value > 25 else 1e-4)


@given(opinions, st.floats(0, 1))
def test_poor_data_widens_the_interval_and_moves_nothing_else(
    given_opinions: tuple[Opinion, ...], quality: float
) -> None:
    sure, unsure = combine(given_opinions), combine(given_opinions, quality)
    assert unsure.low <= sure.low <= sure.high <= unsure.high
    assert unsure.missing_error >= sure.missing_error
    assert replace(unsure, low=sure.low, high=sure.high, missing_error=sure.missing_error) == sure
