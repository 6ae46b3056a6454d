"""The evaluation of brushing: its figures, its patterns and look-alikes, and the whole run on a few small merchants."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sycee_ingestion.brushing.details import Details
from sycee_ingestion.brushing.judgement import judge
from sycee_ingestion.evaluations.brushing import main
from sycee_ingestion.evaluations.brushing_cohorts import PLAIN, SHARES, fates, halves, merchants
from sycee_ingestion.evaluations.brushing_figures import Judged, found, harm
from sycee_ingestion.evaluations.brushing_innocents import INNOCENTS, innocent
from sycee_ingestion.evaluations.brushing_patterns import PATTERNS, injected
from sycee_ingestion.evaluations.brushing_trade import (
    Habits,
    OrdersNotHadError,
    Shop,
    details_of,
    dressed,
    orders_file,
    real_orders,
    truth_of,
)

AS_OF = date(1998, 3, 1)


def write_orders(path: Path, customers: int = 900) -> Path:
    """Orders laid out like CDNOW_master.txt: most customers come once or twice, some every month."""
    rng = np.random.default_rng(4)
    lines = [" customer_id  date number_of_cds  dollar_value"]
    for customer in range(1, customers + 1):
        for _ in range(1 + int(rng.geometric(0.5))):
            bought = date(1997, 1, 1) + timedelta(days=int(rng.integers(0, 500)))
            discs = 1 + int(rng.geometric(0.7)) // 2
            lines.append(
                f" {customer:05d} {bought:%Y%m%d}  {discs}  {discs * float(rng.choice((11.77, 12.99, 14.37))):.2f}"
            )
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file of orders."""
    return write_orders(tmp_path_factory.mktemp("orders") / "orders.txt")


@pytest.fixture(scope="module")
def shop(file: Path) -> Shop:
    """A clean merchant with some hundreds of orders and everything told."""
    real = real_orders(file).filter(pl.col("day").is_between(AS_OF - timedelta(days=365), AS_OF - timedelta(days=1)))
    return dressed(real.sort(pl.all()), Habits(), AS_OF, np.random.default_rng(2))


def last_line(text: str) -> dict[str, dict[str, dict[str, object]]]:
    """The JSON object of a run."""
    return json.loads(text.splitlines()[-1])


def test_a_run_prints_one_object_with_sane_figures(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--orders", str(file), "--merchants", "36", "--json"]) == 0
    printed = capsys.readouterr()
    report = last_line(printed.out)
    assert printed.out.count("\n") == 1
    assert "merchants" in printed.err  # the bar
    assert report["merchants"] == 36
    everything = report["patterns"]["all"]
    assert everything["merchants"] == 12
    assert 0.8 <= everything["precision"]["value"] <= 1
    assert 0.6 <= everything["recall"]["value"] <= 1
    assert 0.9 <= everything["auc"]["value"] <= 1
    for figure in ("precision", "recall", "auc"):
        low, high = everything[figure]["interval"]
        assert low <= everything[figure]["value"] <= high
    assert report["clean"]["all"]["merchants"] == 24
    assert report["clean"]["all"]["false_order_share"]["value"] <= 0.02
    assert set(report["clean"]) >= {PLAIN, "festival", "all look-alikes"}
    assert "simulated" in report["made_of"].lower()
    assert "other half" in report["held_out"]


def test_a_seed_gives_the_same_figures_and_another_one_others(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = []
    for seed in ("3", "3", "4"):
        assert main(["--orders", str(file), "--merchants", "6", "--seed", seed, "--json"]) == 0
        reports.append(last_line(capsys.readouterr().out))
        del reports[-1]["judge_ms"]
    assert reports[0] == reports[1]
    assert reports[0]["patterns"] != reports[2]["patterns"]


def test_a_run_for_people_shows_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--orders", str(file), "--merchants", "4"]) == 0
    printed = capsys.readouterr().out
    assert "mixed campaign" not in printed  # four merchants come to two patterns
    assert "burst of colluding buyers" in printed
    assert "Simulated:" in printed


def test_the_choice_of_weights_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--orders", str(file), "--merchants", "12", "--choose"]) == 0
    assert "REFUND" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "not orders\n", " a b c d\n 1 19971301 1 2.0\n", " a b c d\n 1 19970101 1\n"])
def test_a_file_that_holds_no_orders_is_an_error(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_text(text, encoding="ascii")
    assert main(["--orders", str(broken), "--merchants", "1", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip()


def test_no_file_and_too_few_buyers_are_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--orders", str(tmp_path / "none.txt"), "--json"]) == 1
    assert main(["--orders", str(write_orders(tmp_path / "few.txt", 12)), "--json"]) == 1
    assert "buyers make no merchant" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "5001", "many"])
def test_a_senseless_count_is_refused(count: str, file: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--orders", str(file), "--merchants", count])


def test_a_cached_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    cached = write_orders(tmp_path / "CDNOW_master.txt", 1)
    with pytest.raises(OrdersNotHadError, match="SHA-256"):
        orders_file(cached)


def test_buyers_for_choosing_are_none_of_those_for_measuring(file: Path) -> None:
    orders = real_orders(file)
    choosing, measuring = halves(orders)
    assert not set(choosing.tolist()) & set(measuring.tolist())
    assert len(choosing) + len(measuring) == orders["customer"].n_unique()
    assert halves(orders.sample(fraction=1.0, shuffle=True, seed=1))[0].tolist() == choosing.tolist()


def test_every_kind_of_merchant_comes_up() -> None:
    kinds = fates(99)
    assert {(fate.kind, fate.share) for fate in kinds if fate.share} == {(p, s) for p in PATTERNS for s in SHARES}
    assert {fate.kind for fate in kinds if not fate.share} == {PLAIN, *INNOCENTS}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_adds_fakes_and_leaves_real_orders_alone(pattern: str, shop: Shop) -> None:
    broken = injected(pattern, shop, 0.15, Habits(), np.random.default_rng(1))
    assert broken.rows.filter(~pl.col("fake")).equals(shop.rows)
    assert broken.rows["fake"].sum() == round(0.15 * len(shop.rows))
    details = details_of(broken)
    assert details.orders["day"].max() < AS_OF
    assert details.orders["day"].min() >= AS_OF - timedelta(days=365)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_of_some_intensity_is_found(pattern: str, shop: Shop) -> None:
    broken = injected(pattern, shop, 0.4, Habits(), np.random.default_rng(1))
    judgement = judge(details_of(broken))
    truth, fake = truth_of(broken, judgement.orders), judgement.orders["fake"].to_numpy()
    assert (truth & fake).sum() >= 0.75 * truth.sum()
    assert (truth & fake).sum() >= 0.9 * fake.sum()


@pytest.mark.parametrize("kind", INNOCENTS)
def test_a_look_alike_has_no_fake_and_is_not_accused(kind: str, shop: Shop) -> None:
    alike = innocent(kind, shop, Habits(), np.random.default_rng(1))
    assert not alike.rows["fake"].any()
    assert not judge(details_of(alike)).orders["fake"].any()


def test_merchants_of_a_pass_share_no_real_buyer(file: Path) -> None:
    orders = real_orders(file)
    made = list(merchants(orders, halves(orders)[1], 3, np.random.default_rng(5)))
    buyers = [set(shop.rows["buyer"].to_list()) for _, shop in made]
    assert not buyers[0] & buyers[1]
    assert all(len(shop.rows) >= 40 for _, shop in made)


def judged(suspicion: list[float], truth: list[bool], kind: str = "ring") -> Judged:
    """One merchant whose orders are called fake from one half on."""
    odds = np.array(suspicion)
    return Judged(kind, 0.4, odds, odds >= 0.5, np.array(truth), np.arange(1, len(truth) + 1) * 100)


def test_figures_are_those_reckoned_by_hand() -> None:
    some = [judged([0.9, 0.6, 0.4, 0.1], [True, False, True, False]), judged([0.9, 0.2], [True, False])]
    figures = found(some, np.random.default_rng(0))
    assert (figures.merchants, figures.orders, figures.fakes) == (2, 6, 3)
    assert figures.precision.value == pytest.approx(2 / 3)
    assert figures.recall.value == pytest.approx(2 / 3)
    assert figures.auc.value == pytest.approx(8 / 9)  # of 3 × 3 pairs one is the wrong way round
    assert found([judged([0.3, 0.3], [True, False])], np.random.default_rng(0)).auc.value == 0.5


def test_nothing_called_fake_has_no_precision() -> None:
    figure = found([judged([0.1, 0.2], [True, False])], np.random.default_rng(0)).precision
    assert figure.plain() == {"value": None, "interval": [None, None]}


def test_harm_counts_orders_amounts_and_merchants() -> None:
    suffered = harm(
        [judged([0.9, 0.1, 0.1, 0.1], [False] * 4), judged([0.1] * 4, [False] * 4)], np.random.default_rng(0)
    )
    assert suffered.order_share.value == pytest.approx(1 / 8)
    assert suffered.fen_share.value == pytest.approx(100 / 2_000)
    assert (suffered.any_share, suffered.above_1_percent_share) == (0.5, 0.5)


# Real sellers


@pytest.mark.shared_data
def test_real_sellers_of_a_marketplace_are_hardly_ever_accused() -> None:
    """Olist's sellers with 20 orders and more: real moments, goods, prices and parcels, no buyers and no texts."""
    folder = Path(os.environ.get("SYCEE_SHARED_DATA", "")) / "olist"
    if not (folder / "orders.parquet").exists():
        pytest.skip("Olist's orders are not here: SYCEE_SHARED_DATA names no folder with olist/orders.parquet")
    sold = _olist(folder)
    sellers = sold.group_by("seller_id").len().filter(pl.col("len") >= 20)["seller_id"].sort().to_list()
    assert len(sellers) > 100
    fakes = [judge(_olist_details(sold.filter(pl.col("seller_id") == seller))).orders["fake"] for seller in sellers]
    assert sum(each.sum() for each in fakes) <= 0.005 * sum(len(each) for each in fakes)


def _olist(folder: Path) -> pl.DataFrame:
    weights = pl.read_parquet(folder / "products.parquet").select(
        "product_id", weight_g=pl.col("product_weight_g").cast(pl.Int64, strict=False)
    )
    bought = pl.read_parquet(folder / "order_items.parquet").join(weights, on="product_id", how="left")
    moment = pl.col("order_purchase_timestamp").str.to_datetime(time_unit="us", strict=False)
    return (
        bought.group_by("order_id", "seller_id")
        .agg(
            fen=(pl.col("price").cast(pl.Float64) * 100).sum().round().cast(pl.Int64),
            item_count=pl.len().cast(pl.Int64),
            goods=(pl.col("product_id").sort().first().hash(1) // 4).cast(pl.Int64),
            weight_g=pl.sum("weight_g"),
        )
        .join(pl.read_parquet(folder / "orders.parquet"), on="order_id")
        .with_columns(
            order_key=(pl.col("order_id").hash(1) // 4).cast(pl.Int64),
            occurred_at=moment.dt.replace_time_zone("UTC"),
        )
        .drop_nulls("occurred_at")
        .with_columns(day=(pl.col("occurred_at") + pl.duration(hours=8)).dt.date())
    )


def _olist_details(sold: pl.DataFrame) -> Details:
    as_of = sold["day"].max() + timedelta(days=1)
    year = sold.filter(pl.col("day") >= as_of - timedelta(days=365))
    cancelled = year.filter(pl.col("order_status").is_in(("canceled", "unavailable")))
    return Details(
        as_of=as_of,
        orders=year.with_columns(buyer=pl.lit(0), address=pl.lit(0), device=pl.lit(0)),
        refunds=cancelled.with_columns(goods_returned=pl.lit(value=False), disputed=pl.lit(value=False)),
        shipments=year.filter(pl.col("order_delivered_carrier_date").is_not_null()).with_columns(
            distance_km=pl.lit(0), odd_route=pl.lit(value=False)
        ),
        reviews=pl.DataFrame(schema={"order_key": pl.Int64, "withdrawn": pl.Boolean, "sketch": pl.Binary}),
    )
