"""`python -m sycee_scoring.batch.speed`: what scoring costs inside one process, for `sycee bench`.

Prints a JSON object a line: name, value, unit and what helps to read it. Everything runs on one thread.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, Final

import lightgbm
import numpy as np
import polars as pl
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sycee.ingestion.v1.profile_pb2 import Profile
from sycee.scoring.v1 import score_pb2
from sycee_service.interceptors.validation import validate

from sycee_scoring.batch.book import Book
from sycee_scoring.batch.engines import committed_panel
from sycee_scoring.batch.sample import made_up, numbers_of
from sycee_scoring.batch.scoring import score_frame
from sycee_scoring.convert.scores import evidence_from_proto, score_to_proto
from sycee_scoring.domain.panel import Panel

ROWS: Final = 50_000
TRAINED_ON: Final = 10_000
TREES: Final = 300
REPEATS: Final = 5
CALLS: Final = 2_000


def main() -> int:
    """Measures and prints."""
    panel = committed_panel()
    _say(_handler(panel))
    for line in _books(panel):
        _say(line)
    return 0


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def request() -> score_pb2.ScoreRequest:
    """A merchant with everything a portrait has that scores."""
    (merchant,) = Book(made_up(1)).evidence()
    trade, report = merchant.trade, merchant.bureau
    profile = Profile(merchant_id=merchant.merchant_id, as_of=Timestamp(seconds=int(merchant.as_of.timestamp())))
    if trade is not None:
        profile.trade.months_of_history = trade.months_of_history
        profile.trade.monthly_net_12m_fen = trade.monthly_net_12m_fen
        profile.trade.monthly_net_3m_adjusted_fen = trade.monthly_net_3m_adjusted_fen
        profile.trade.refund_rate_180d = trade.refund_rate
        profile.trade.weekly_net_fen.extend(trade.weekly_net_fen)
    if report is not None:
        day = report.report_date
        profile.bureau.report_date.year, profile.bureau.report_date.month = day.year, day.month
        profile.bureau.report_date.day = day.day
        profile.bureau.outstanding_fen = report.outstanding_fen
        profile.bureau.credit_lines_fen = report.credit_lines_fen
        profile.bureau.enquiries_3m = report.enquiries_3m
    profile.traits.category, profile.traits.employee_count = "apparel", 4
    profile.settlements.net_fen, profile.settlements.fee_fen = 95, 5
    return score_pb2.ScoreRequest(
        profile=profile, requested_amount=Money(currency_code="CNY", units=50_000), term_months=12
    )


def _handler(panel: Panel) -> dict[str, object]:
    """Parse, validate, convert, score with reasons, convert, serialise: all that the service itself does for a call."""
    raw = request().SerializeToString()

    def handled() -> bytes:
        asked = score_pb2.ScoreRequest.FromString(raw)
        validate(asked)
        result = panel.score(evidence_from_proto(asked))
        answer = score_pb2.ScoreResponse(score=score_to_proto(asked, result))
        return answer.SerializeToString()

    times = sorted(_times(handled, CALLS))
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    of = "parse, validate, score with reasons, serialise; no network"
    return {
        "name": "score_handler_p50_ms",
        "value": round(p50 * 1e3, 3),
        "unit": "ms",
        "p99_ms": round(p99 * 1e3, 3),
        "of": of,
    }


def _books(panel: Panel) -> list[dict[str, object]]:
    book = made_up(ROWS)
    bare = _bare(book)
    ours, theirs = [], []
    for _ in range(REPEATS):  # by turns, so that what else the machine does falls on both
        ours += _times(lambda: score_frame(book, panel), 1)
        theirs += _times(bare, 1)
    rate, bare_rate = ROWS / statistics.median(ours), ROWS / statistics.median(theirs)
    more = {"rows": ROWS, "weeks": 104, "threads": 1, "reasons": False}
    bare_of = f"LightGBM, {TREES} trees of 31 leaves, predict on the numeric columns"
    return [
        {"name": "batch_score_per_s", "value": round(rate, 1), "unit": "1/s", **more},
        {
            "name": "batch_score_vs_lightgbm",
            "value": round(rate / bare_rate, 3),
            "unit": "of bare LightGBM",
            "lightgbm_per_s": round(bare_rate, 1),
            "of": bare_of,
            **more,
        },
    ]


def _bare(book: pl.DataFrame) -> Callable[[], Any]:
    """A bare model of 300 trees on the same merchants, and what predicts all of them on one thread."""
    numbers = np.ascontiguousarray(numbers_of(book).to_numpy())
    draw = np.random.default_rng(1)
    risk = np.nan_to_num(numbers[:, 0] / numbers[:, 3]) + draw.normal(0.0, 1.0, len(numbers))
    bad = (risk > np.quantile(risk, 0.9)).astype(np.float64)
    parameters = {"objective": "binary", "num_leaves": 31, "num_threads": 1, "verbose": -1, "seed": 1}
    known = lightgbm.Dataset(numbers[:TRAINED_ON], bad[:TRAINED_ON])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        booster = lightgbm.train(parameters, known, num_boost_round=TREES)
    if booster.num_trees() != TREES:
        raise RuntimeError(f"the bare model has {booster.num_trees()} trees, not {TREES}")
    return lambda: booster.predict(numbers, num_threads=1)


def _times(call: Callable[[], Any], times: int) -> list[float]:
    """Seconds of each call; the first one warms up and does not count where there are many."""
    if times > 1:
        for _ in range(50):
            call()
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return found


if __name__ == "__main__":
    sys.exit(main())
