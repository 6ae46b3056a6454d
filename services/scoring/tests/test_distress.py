"""Early warning for one shop: what it says, that its reasons are true, and that files are judged by the same code."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_scoring.distress import words
from sycee_scoring.distress.breaks import is_break
from sycee_scoring.distress.example import CAMPUS, STREET
from sycee_scoring.distress.features import FEATURES, RAISES, WINDOW_DAYS, features
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.distress.model_file import DISTRESS_VERSION, load_distress_model
from sycee_scoring.distress.normal import normal_cdf
from sycee_scoring.distress.panel import Panel, assessable, at, peer_change, window
from sycee_scoring.distress.simulation import simulate
from sycee_scoring.domain.distress import DailyTrade, NotAssessable, Warned, assess
from sycee_scoring.model_files import MODELS, ModelRefusedError

JULY = date(2016, 7, 1)
MODEL = load_distress_model()


def warned(counts: Sequence[int], as_of: date = JULY, peers: float = 1.0) -> Warned:
    found = assess(MODEL, DailyTrade(as_of, counts), peers)
    assert isinstance(found, Warned)
    return found


def steady(days: int = WINDOW_DAYS) -> list[int]:
    return [100 + (day * 37) % 29 for day in range(days)]


def simulated() -> Panel:
    return simulate(60, date(2015, 7, 1), 420, 11)


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ((), "NO_DAILY_TRADE"),
        (steady(55), "DAILY_HISTORY_SHORT"),
        ([4] * 100, "DAILY_TRADE_SMALL"),
        ([900] * 100 + [0] * 56, "DAILY_TRADE_SMALL"),
    ],
)
def test_too_little_trade_is_not_judged_and_the_reason_says_why(counts: Sequence[int], code: str) -> None:
    found = assess(MODEL, DailyTrade(JULY, counts))
    assert isinstance(found, NotAssessable)
    assert [reason.code for reason in found.reasons] == [code]


def test_eight_weeks_and_five_a_day_are_enough() -> None:
    assert 0.0 < warned([5] * 56).probability < 1.0


def test_a_shop_that_falls_is_likelier_in_distress_than_one_that_does_not() -> None:
    as_of = date(2016, 5, 20)  # no school break near
    falling = [max(1, round(count * 0.93 ** max(0, day - 150))) for day, count in enumerate(steady())]
    fell, stood = warned(falling, as_of), warned(steady(), as_of)
    assert fell.low > stood.probability
    assert {"TRADE_FALLING", "TRADE_BELOW_PEAK"} <= {reason.code for reason in fell.reasons}


def test_days_without_trade_raise_it_and_are_counted() -> None:
    gaps = steady()
    gaps[-20:-9] = [0] * 11
    found = warned(gaps, date(2016, 5, 20))
    assert found.probability > warned(steady(), date(2016, 5, 20)).probability
    reason = next(reason for reason in found.reasons if reason.code == "TRADE_GAPS")
    assert "11 of the last 28" in reason.text_en
    assert "11 天没有交易" in reason.text_zh


def test_a_campus_shop_rings_in_july_for_the_season_and_not_in_september() -> None:
    july, september = warned(CAMPUS.before(JULY)), warned(CAMPUS.before(date(2016, 9, 1)), date(2016, 9, 1))
    street = warned(STREET.before(JULY))
    assert july.probability > 10 * max(street.probability, september.probability)
    assert july.probability > 0.2
    assert "SCHOOL_CALENDAR" in {reason.code for reason in july.reasons}
    assert "SCHOOL_CALENDAR" not in {reason.code for reason in september.reasons}
    season = next(reason for reason in july.reasons if reason.code == "SCHOOL_CALENDAR")
    assert "52 of the next 56 days" in season.text_en


def test_the_words_on_the_calendar_follow_its_turn() -> None:
    """Where breaks end, weak weekends are no cause, and strong ones are."""
    ended = words.Facts({**dict.fromkeys(FEATURES, 0.0), "weekday_break": -0.2}, 56, 0)
    begun = words.Facts({**dict.fromkeys(FEATURES, 0.0), "weekday_break": -0.2}, 0, 52)
    cause = next(cause for cause in words.CAUSES if cause.code == "SCHOOL_CALENDAR")
    assert "weekends are strong" in cause.words(ended)[1]
    assert "weekends are weak" in cause.words(begun)[1]


def test_a_fall_that_peers_share_counts_less() -> None:
    falling = steady(154) + [50 + day % 7 for day in range(28)]
    alone, shared = warned(falling, date(2016, 5, 20)), warned(falling, date(2016, 5, 20), peers=0.5)
    assert shared.probability < alone.probability


def test_taking_away_what_a_reason_names_lowers_the_log_odds_by_its_contribution() -> None:
    panel = simulated()
    rows = at(panel, 330)
    told = 0
    for place, figures in zip(rows.shops, rows.figures, strict=True):
        counts = panel.counts[place, max(panel.starts[place], 330 - WINDOW_DAYS) : 330].astype(int).tolist()
        windows = window(panel.counts[rows.shops], panel.starts[rows.shops], 330)
        found = warned(counts, rows.day, peer_change(windows))
        assert len(found.reasons) <= 4
        assert [reason.contribution for reason in found.reasons] == sorted(
            (reason.contribution for reason in found.reasons), reverse=True
        )
        whole = float(MODEL.log_odds(figures[None, :])[0])
        for reason in found.reasons:
            told += 1
            cause = next(cause for cause in words.CAUSES if cause.code == reason.code)
            without = figures.copy()
            for name in cause.figures:
                without[FEATURES.index(name)] = MODEL.neutral()[FEATURES.index(name)]
            assert whole - float(MODEL.log_odds(without[None, :])[0]) == pytest.approx(reason.contribution, abs=1e-9)
            assert reason.contribution > 0.0
    assert told > 20


def test_every_figure_belongs_to_one_cause() -> None:
    assert sorted(name for cause in words.CAUSES for name in cause.figures) == sorted(FEATURES)


def test_one_shop_is_judged_as_its_file_is() -> None:
    """The request path and the evaluation give the same log-odds for the same days and the same peers."""
    panel = simulated()
    for place in (60, 140, 250, 330):
        rows = at(panel, place)
        windows = window(panel.counts[rows.shops], panel.starts[rows.shops], place)
        of_file = 1.0 / (1.0 + np.exp(-MODEL.log_odds(rows.figures)))
        for shop, expected in zip(rows.shops, of_file, strict=True):
            days = panel.counts[shop, panel.starts[shop] : place][-WINDOW_DAYS:].astype(int).tolist()
            assert warned(days, rows.day, peer_change(windows)).probability == pytest.approx(expected, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.01, 0.99), min_size=7, max_size=7),
    st.integers(0, 6),
    st.floats(0.0, 2.0),
)
def test_the_model_is_monotone_in_every_figure(levels: list[float], place: int, step: float) -> None:
    tables = zip(levels, MODEL.ranks, strict=True)
    figures = np.array([np.interp(level, table.levels, table.values) for level, table in tables])
    moved = figures.copy()
    moved[place] += step if RAISES[place] > 0 else -step
    if FEATURES[place] == "half_risk":
        moved[place] = min(1.0, moved[place])
    assert MODEL.log_odds(moved[None, :])[0] >= MODEL.log_odds(figures[None, :])[0] - 1e-12


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4_000_000_000), min_size=56, max_size=182),
    st.dates(date(1901, 1, 1), date(2300, 1, 1)),
    st.floats(0.01, 100.0),
)
def test_any_counts_and_day_give_a_probability_within_its_interval(
    counts: list[int], as_of: date, peers: float
) -> None:
    found = assess(MODEL, DailyTrade(as_of, counts), peers)
    if isinstance(found, Warned):
        assert 0.0 < found.low < found.probability < found.high < 1.0
        assert all(math.isfinite(reason.contribution) for reason in found.reasons)
        assert len(found.reasons) <= 4


def test_shops_do_not_touch_each_other() -> None:
    panel = simulated()
    shops = assessable(panel, 300)
    windows = window(panel.counts[shops], panel.starts[shops], 300)
    together = features(windows, JULY, 0.9)
    alone = np.vstack([features(row[None, :], JULY, 0.9) for row in windows])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("day", "rests"),
    [
        (date(2016, 1, 13), False),
        (date(2016, 1, 14), True),  # 25 days before 8 February
        (date(2016, 2, 22), True),
        (date(2016, 2, 23), False),
        (date(2026, 1, 23), True),  # 25 days before 17 February
        (date(2022, 12, 28), True),  # 25 days before 22 January
        (date(2022, 12, 27), False),
        (date(2016, 7, 4), False),
        (date(2016, 7, 5), True),
        (date(2016, 8, 31), True),
        (date(2016, 9, 1), False),
        (date(2077, 2, 5), True),  # beyond the table
    ],
)
def test_schools_rest_when_they_do(day: date, rests: bool) -> None:
    assert is_break(day) is rests


def test_every_winter_has_forty_days_of_break_and_every_summer_fifty_eight() -> None:
    for year in range(2014, 2051):
        days = [date(year, 5, 1) + timedelta(days=offset) for offset in range(365)]
        assert sum(is_break(day) for day in days) == 40 + 58, year


def test_the_normal_distribution_is_the_normal_distribution() -> None:
    values = np.linspace(-6.0, 6.0, 241)
    exact = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in values]
    np.testing.assert_allclose(normal_cdf(values), exact, atol=1.5e-7)


def test_a_warning_takes_less_than_a_millisecond() -> None:
    trade = DailyTrade(JULY, CAMPUS.before(JULY))
    taken = []
    for _ in range(100):
        before = time.perf_counter()
        assess(MODEL, trade)
        taken.append(time.perf_counter() - before)
    assert min(taken) < 0.001


def test_serving_loads_nothing_that_training_needs() -> None:
    code = (
        "import sys, sycee_scoring.domain.distress, sycee_scoring.distress.model_file as files;"
        "files.load_distress_model();"
        "print(sorted({'lightgbm', 'polars', 'scipy', 'sklearn', 'matplotlib', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("spoil", ["slope", "table", "features", "missing", "text"])
def test_a_card_that_is_not_what_it_says_is_refused(tmp_path: Path, spoil: str) -> None:
    card = json.loads((MODELS / f"{DISTRESS_VERSION}.json").read_text(encoding="utf-8"))
    if spoil == "slope":
        card["serving"]["slope"] *= 2.0
    elif spoil == "table":
        card["serving"]["ranks"][0]["values"][3] += 0.001
    elif spoil == "features":
        card["serving"]["features"][0] = "moon"
    elif spoil == "missing":
        del card["serving_sha256"]
    text = "{" if spoil == "text" else json.dumps(card)
    (tmp_path / f"{DISTRESS_VERSION}.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelRefusedError, match=DISTRESS_VERSION):
        load_distress_model(tmp_path)


def test_the_committed_card_is_small_and_says_what_it_must() -> None:
    assert (MODELS / f"{DISTRESS_VERSION}.json").stat().st_size < 200_000
    page = (MODELS / f"{DISTRESS_VERSION}.md").read_text(encoding="utf-8")
    for said in ("licence of those data is unstated", "training.distress --daily", "campus shop in July", "## Limits"):
        assert said in page
    assert isinstance(MODEL, DistressModel)
    assert MODEL.version.startswith(f"{DISTRESS_VERSION}+sha256.")
