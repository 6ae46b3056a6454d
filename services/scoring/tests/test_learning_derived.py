"""What is found between columns, on tables where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from sycee_scoring.learning import directions
from sycee_scoring.learning.derived import Derivation
from sycee_scoring.learning.folds import stratified
from sycee_scoring.learning.metrics import Array
from sycee_scoring.learning.table import Column

ROWS = 600


def _cards() -> tuple[dict[str, Column], Array]:
    """Card holders with a limit, four months' bills and payments; each payment clears part of the bill before."""
    random = np.random.default_rng(3)
    limit = random.lognormal(10.0, 0.5, ROWS)
    use = random.uniform(0.05, 1.0, ROWS)
    bills = [limit * use * random.uniform(0.8, 1.2, ROWS) for _ in range(4)]
    paid = [0.3 * random.uniform(0.5, 1.0, ROWS) * bills[min(at + 1, 3)] for at in range(4)]
    bad = (random.random(ROWS) < 1.0 / (1.0 + np.exp(-6.0 * (use - 0.7)))).astype(np.float64)
    columns: dict[str, Column] = {"limit": limit, "town": ["a", "b"] * (ROWS // 2)}
    columns |= {f"bill{at + 1}": bills[at] for at in range(4)} | {f"paid {at + 1} x": paid[at] for at in range(4)}
    columns |= {f"v{at}": random.normal(size=ROWS) for at in range(5)}
    return columns, bad


def test_runs_flows_and_ratios_are_found_and_numbered_strangers_are_not() -> None:
    columns, bad = _cards()
    found = Derivation.find(columns, bad)
    assert set(found.runs) == {"bill*", "paid * x"}
    assert found.runs["bill*"] == ("bill1", "bill2", "bill3", "bill4")
    (flow,) = found.flows
    assert (flow.flow, flow.stock, flow.shift) == ("paid * x", "bill*", 1)
    assert found.ratios[0] in {("limit", "bill* mean"), ("bill* mean", "limit")}


def test_values_are_as_said_and_missing_where_a_part_is() -> None:
    columns, bad = _cards()
    found = Derivation.find(columns, bad)
    row: dict[str, Column] = {name: column[:2] for name, column in columns.items()}
    for at, (bill, paid) in enumerate(((100.0, 10.0), (80.0, 20.0), (60.0, 0.0), (0.0, 5.0)), start=1):
        row[f"bill{at}"] = np.array([bill, np.nan])
        row[f"paid {at} x"] = np.array([paid, 1.0])
    wide = found.add(row)
    expected = {
        "bill* mean": 60.0,
        "bill* highest": 100.0,
        "bill* lowest": 0.0,
        "bill* slope": -32.0,
        "bill* change": 100.0,
        "bill* early mean": 90.0,
        "paid * x in bill* 1 left": 70.0,
        "paid * x in bill* 1 share": 0.125,
        "paid * x in bill* 1 new": 30.0,
        "paid * x in bill* 3 share": np.nan,
    }
    for name, value in expected.items():
        column = wide[name]
        assert not isinstance(column, list)
        assert column[0] == pytest.approx(value, nan_ok=True), name
        assert np.isnan(column[1]), name
    limit = row["limit"]
    assert not isinstance(limit, list)
    assert found.scales == {"bill*": "limit", "paid * x": "limit"}
    for name, value in (("bill2 / limit", 80.0), ("paid * x in bill* 1 new / limit", 30.0)):
        column = wide[name]
        assert not isinstance(column, list)
        assert column[0] == pytest.approx(value / limit[0])
    assert found.undirected < set(wide)
    assert set(wide) - set(row) - found.undirected == {
        f"{run} {level}" for run in found.runs for level in ("mean", "highest", "lowest", "early mean")
    }
    assert "bill* mean" not in found.undirected


def test_a_table_without_anything_to_derive_is_returned_as_it_was() -> None:
    columns: dict[str, Column] = {"a": ["x", "y"] * 50, "b": np.arange(100) % 3.0}
    assert Derivation.find(columns, np.arange(100) % 2.0).add(columns).keys() == columns.keys()


def test_directions_are_believed_only_where_plain() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=4_000)
    for effect, way in ((x, 1), (-x, -1), (x**2 - 1.0, 0), (0.0 * x, 0)):
        bad = (random.random(4_000) < 1.0 / (1.0 + np.exp(1.0 - effect))).astype(np.float64)
        assert directions.found(x, bad) == way
    assert directions.found(np.full(10, np.nan), np.arange(10) % 2.0) == 0


def test_folds_share_bad_rows_evenly_and_keep_groups_together() -> None:
    bad = (np.arange(100) < 23).astype(np.float64)
    splits = stratified(bad, 5, 1)
    assert sorted(np.concatenate([held for _, held in splits]).tolist()) == list(range(100))
    assert all(set(rows.tolist()).isdisjoint(held.tolist()) for rows, held in splits)
    assert {int(bad[held].sum()) for _, held in splits} == {4, 5}
    groups = np.arange(100) // 4
    assert all(set(groups[rows]).isdisjoint(groups[held]) for rows, held in stratified(bad, 5, 1, groups))
