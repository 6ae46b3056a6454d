"""Training of the early-warning model: the same bytes, no outcome of the test in it, and a card that holds together."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sycee_scoring.distress.daily_file import COUNT, DAY, SHOP, read_daily
from sycee_scoring.distress.features import FEATURES, HORIZON_DAYS
from sycee_scoring.distress.fitting import Rows, across_shops, calibrated, rolled, shop_folds, stacked
from sycee_scoring.distress.model import Ranks
from sycee_scoring.distress.model_file import DISTRESS_VERSION, load_distress_model
from sycee_scoring.distress.panel import Panel, at, weekly
from sycee_scoring.distress.simulation import simulate
from sycee_scoring.learning.metrics import Array
from sycee_scoring.training import distress_plots
from sycee_scoring.training.distress import Trained, main, split_of, train
from sycee_scoring.training.distress_rivals import RIVALS


def written(panel: Panel, path: Path) -> Path:
    """The panel as rows of a file, without the days that had no trade."""
    shops, places = np.nonzero(panel.counts)
    pl.DataFrame(
        {
            SHOP: [panel.shops[shop] for shop in shops],
            DAY: [panel.first_day + timedelta(days=int(place)) for place in places],
            COUNT: panel.counts[shops, places].astype(np.int64),
        }
    ).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(simulate(110, date(2015, 7, 1), 430, 4), tmp_path_factory.mktemp("daily") / "counts.parquet")


@pytest.fixture(scope="module")
def panel(daily: Path) -> Panel:
    return read_daily(daily)


@pytest.fixture(scope="module")
def trained(panel: Panel) -> Trained:
    return train(panel)


def test_the_same_counts_give_the_same_bytes(
    trained: Trained, daily: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--daily", str(daily), "--output", str(tmp_path)]) == 0
    card = json.loads((tmp_path / f"{DISTRESS_VERSION}.json").read_text(encoding="utf-8"))
    assert capsys.readouterr().out == f"{DISTRESS_VERSION} {card['serving_sha256']}\n"
    assert card == json.loads(json.dumps(trained.card))
    page = (tmp_path / f"{DISTRESS_VERSION}.md").read_text(encoding="utf-8")
    assert page == trained.page
    assert not re.search("Koubei|IJCAI", page), "the card of other data must not speak of these"
    drawn = distress_plots.draw(trained.card)
    for name, drawing in drawn.items():
        assert (tmp_path / f"{DISTRESS_VERSION}.{name}.svg").read_text(encoding="utf-8") == drawing
        assert f"{DISTRESS_VERSION}.{name}.svg" in page
    assert load_distress_model(tmp_path).version.endswith(card["serving_sha256"][:12])
    assert card["test"]["this_model"]["auc"]["value"] > 0.55


def test_no_outcome_learnt_from_reaches_into_the_test(panel: Panel) -> None:
    split = split_of(panel)
    assert max(split.learn) + HORIZON_DAYS <= split.test[0]
    assert split.choose[-1] == split.learn[-1]


def test_what_happens_in_the_test_changes_no_model(trained: Trained, panel: Panel) -> None:
    split = split_of(panel)
    counts = panel.counts.copy()
    random = np.random.default_rng(8)
    counts[:, split.test[0] :] = random.permutation(counts[:, split.test[0] :], axis=0)
    other = Panel(panel.shops, panel.first_day, counts, panel.starts)
    assert trained.card["serving"] == train(other).card["serving"]


def test_each_prediction_is_learnt_from_other_shops_and_earlier_outcomes(panel: Panel) -> None:
    learning = stacked([at(panel, place) for place in weekly(panel, split_of(panel).learn[-1])])
    folds = shop_folds(len(panel.shops))

    def watched(learnt: Rows, rows: Rows) -> Array:
        assert not set(folds[learnt.shops]) & set(folds[rows.shops])
        return np.zeros(len(rows.bad))

    def watched_in_time(learnt: Rows, rows: Rows) -> Array:
        assert learnt.days.max() + HORIZON_DAYS <= rows.days.min()
        return watched(learnt, rows)

    rows, said = across_shops(learning, learning, folds, watched)
    assert len(rows.bad) == len(said) == len(learning.bad)
    later, _ = rolled(learning, learning, folds, watched_in_time)
    assert 0 < len(later.bad) < len(learning.bad)


def test_ranks_share_the_middle_of_equal_values_and_rise() -> None:
    ranks = Ranks.of(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0]))
    assert ranks.rank(np.array([-1.0, 0.0, 1.0, 4.0, 9.0])).tolist() == pytest.approx([0.3, 0.3, 0.65, 0.95, 0.95])
    many = Ranks.of(np.random.default_rng(1).normal(size=5000))
    np.testing.assert_allclose(many.rank(np.array([-1.0, 0.0, 1.0])), [0.1587, 0.5, 0.8413], atol=0.02)


def test_the_line_finds_what_made_the_outcomes_and_how_they_swing() -> None:
    random = np.random.default_rng(5)
    days = np.repeat(np.arange(0, 560, 7), 400)
    risks = random.normal(-1.0, 2.0, len(days))
    swing = np.repeat(random.normal(0.0, 0.5, 80), 400)
    bad = (random.random(len(days)) < 1.0 / (1.0 + np.exp(2.0 - 0.8 * risks - swing))).astype(np.float64)
    intercept, slope, half_width = calibrated(bad, risks, days)
    assert intercept == pytest.approx(-2.0, abs=0.2)
    assert slope == pytest.approx(0.8, abs=0.06)
    assert half_width == pytest.approx(0.5 * 1.81, rel=0.25)  # Student's 95 % point of ten periods
    steady = (random.random(len(days)) < 1.0 / (1.0 + np.exp(2.0 - 0.8 * risks))).astype(np.float64)
    assert calibrated(steady, risks, days)[2] < 0.6 * half_width


def test_rivals_order_what_they_have_learnt() -> None:
    random = np.random.default_rng(6)
    figures = random.normal(size=(3000, len(FEATURES)))
    bad = (random.random(3000) < 1.0 / (1.0 + np.exp(2.0 - 2.0 * figures[:, 0]))).astype(np.float64)
    rows = Rows(figures, bad, np.arange(3000), np.zeros(3000, dtype=np.int64), np.exp(-figures[:, 0]))
    for name, rival in RIVALS.items():
        said = rival(rows, rows)
        assert said[bad > 0].mean() > said[bad == 0].mean(), name


@pytest.mark.parametrize(("days", "shops"), [(150, 30), (430, 3)])
def test_a_file_too_short_or_small_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, shops: int
) -> None:
    path = written(simulate(shops, date(2015, 7, 1), days, 2), tmp_path / "short.parquet")
    assert main(["--daily", str(path), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
