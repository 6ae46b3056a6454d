"""The same figures to the last bit: one merchant or many, now or later, on Polars or on Spark."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from feature_books import bits, made_up, prepared
from sycee_ingestion.features.catalogue import NAMES
from sycee_ingestion.features.frames import collect, compute
from sycee_ingestion.features.inputs import FRAME_NAMES, SCHEMAS, Frames


def alone(frames: Frames, number: int) -> Frames:
    """What is known of one point's merchant, and that point."""
    points = frames.points.filter(pl.col("point") == number)
    merchant_no = points["merchant_no"].item()
    parts: dict[str, Any] = {"points": points, "fake_days": frames.fake_days.filter(pl.col("point") == number)}
    for name in FRAME_NAMES:
        if name not in parts:
            parts[name] = getattr(frames, name).filter(pl.col("merchant_no") == merchant_no)
    return Frames(**parts)


@pytest.mark.parametrize("seed", [1, 2])
def test_one_alone_is_the_same_as_in_a_batch(seed: int) -> None:
    frames = made_up(seed, 16, points_each=1)
    features, weeks = collect(compute(frames))
    for number in range(features.height):
        own_features, own_weeks = prepared()(alone(frames, number))
        assert bits(own_features).equals(bits(features.filter(pl.col("point") == number)))
        assert own_weeks.equals(weeks.filter(pl.col("point") == number))


def test_the_order_of_rows_is_nothing() -> None:
    frames = made_up(5, 8)
    shuffled = Frames(
        **{name: getattr(frames, name).sample(fraction=1.0, shuffle=True, seed=9) for name in FRAME_NAMES}
    )
    for one, other in zip(collect(compute(frames)), collect(compute(shuffled)), strict=True):
        assert bits(one).equals(bits(other))


def test_lazy_frames_are_as_good_as_eager_ones() -> None:
    frames = made_up(6, 4)
    lazy = Frames(**{name: getattr(frames, name).lazy() for name in FRAME_NAMES})
    for one, other in zip(collect(compute(frames)), collect(compute(lazy)), strict=True):
        assert bits(one).equals(bits(other))


def test_prepared_takes_other_columns_and_types() -> None:
    frames = made_up(7, 2)
    days = frames.days.with_columns(pl.col("merchant_no").cast(pl.Int64), extra=pl.lit("x"))
    other = Frames(**{**{name: getattr(frames, name) for name in FRAME_NAMES}, "days": days})
    for one, two in zip(prepared()(frames), prepared()(other), strict=True):
        assert bits(one).equals(bits(two))


def test_prepared_names_a_column_that_is_not_there() -> None:
    frames = made_up(7, 1)
    broken = Frames(**{**{name: getattr(frames, name) for name in FRAME_NAMES}, "days": frames.days.drop("fee_fen")})
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="fee_fen"):
        prepared()(broken)


SPARK_TYPES = {
    pl.Int16(): "smallint",
    pl.Int32(): "int",
    pl.Int64(): "bigint",
    pl.Date(): "date",
    pl.Boolean(): "boolean",
    pl.String(): "string",
    pl.Datetime("us", "UTC"): "timestamp",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A Spark of this machine's own, with two threads."""
    pyspark = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: sycee-ingestion[spark]")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        pyspark.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.filterwarnings("ignore")  # pyspark warns of what it was built with
def test_spark_gives_the_same_bits(spark: Any) -> None:
    frames = made_up(8, 24, points_each=3)
    native = {}
    for name in FRAME_NAMES:
        schema = ", ".join(f"{column} {SPARK_TYPES[dtype]}" for column, dtype in SCHEMAS[name].items())
        native[name] = spark.createDataFrame(getattr(frames, name).rows(), schema)
    computed = compute(Frames(**native), keep=lambda frame: nw.from_native(frame.to_native().persist()))
    expected_features, expected_weeks = collect(compute(frames))
    rows = [tuple(row) for row in computed.features.to_native().collect()]
    features = pl.DataFrame(rows, schema=expected_features.schema, orient="row").sort("point")
    ours, theirs = bits(expected_features), bits(features)
    assert [name for name in NAMES if not ours[name].equals(theirs[name])] == []
    assert ours.equals(theirs)
    rows = [tuple(row) for row in computed.weeks.to_native().collect()]
    assert expected_weeks.equals(pl.DataFrame(rows, schema=expected_weeks.schema, orient="row").sort("point", "week"))
