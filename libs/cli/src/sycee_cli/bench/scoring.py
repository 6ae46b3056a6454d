"""What a score costs: inside the service, over the wire beside bare echoes, and in whole books beside bare LightGBM.

Figures of one process come from a program of the scoring service itself (`python -m sycee_scoring.batch.speed`), since
this package imports no service.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sycee.ingestion.v1.profile_pb2 import Profile
from sycee.scoring.v1.score_pb2 import BatchScoreRequest, ScoreRequest, ScoreResponse
from sycee_client import SyceeClient

from sycee_cli.bench.echo import PAYLOAD, echo_server
from sycee_cli.bench.load import saturate
from sycee_cli.bench.measures import Measure

PROGRAM = "sycee_scoring.batch.speed"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
ROUNDS = 5
CALLS_A_ROUND = 300
BATCH_ROWS = 5_000
MONTHLY_FEN = 9_000_000


async def scoring(inside: SyceeClient) -> AsyncIterator[Measure]:
    """The service's own figures, then those over the wire."""
    async for measure in _alone():
        yield measure
    yield await _beside_echoes(inside)
    for without_reasons in (False, True):
        yield await _batch(inside, without_reasons=without_reasons)


async def _alone() -> AsyncIterator[Measure]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM, stdout=asyncio.subprocess.PIPE, env={**os.environ, **ONE_THREAD}
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{PROGRAM} ended with {process.returncode}")
    for line in output.decode().splitlines():
        found = json.loads(line)
        yield Measure(found.pop("name"), found.pop("value"), found.pop("unit"), found)


def _request() -> ScoreRequest:
    """A shop with two years of weeks and a bureau report."""
    now = int(time.time())
    day = time.gmtime(now)
    profile = Profile(merchant_id="bench-score", as_of=Timestamp(seconds=now))
    profile.traits.category, profile.traits.employee_count = "apparel", 4
    profile.trade.months_of_history = 30
    profile.trade.monthly_net_12m_fen = profile.trade.monthly_net_3m_adjusted_fen = MONTHLY_FEN
    profile.trade.refund_rate_180d = 0.06
    profile.trade.weekly_net_fen.extend(round(MONTHLY_FEN * (0.18 + 0.02 * (week % 6))) for week in range(104))
    report = profile.bureau
    report.report_date.year, report.report_date.month, report.report_date.day = day.tm_year, day.tm_mon, day.tm_mday
    report.outstanding_fen, report.credit_lines_fen, report.enquiries_3m = 4_000_000, 10_000_000, 4
    profile.settlements.net_fen, profile.settlements.fee_fen = 92, 8
    return ScoreRequest(profile=profile, requested_amount=Money(currency_code="CNY", units=150_000), term_months=12)


async def _beside_echoes(inside: SyceeClient) -> Measure:
    """One call at a time, by turns with the echo, so that what else the machine does falls on both."""
    asked = _request()

    async def score(_: int) -> ScoreResponse:
        return await inside.scoring.Score(asked)

    scores, echoes = [], []
    async with echo_server() as call:

        async def echo(_: int) -> bytes:
            return await call(PAYLOAD)

        for round_number in range(ROUNDS + 1):
            bare = await saturate(echo, in_flight=1, calls=CALLS_A_ROUND)
            full = await saturate(score, in_flight=1, calls=CALLS_A_ROUND)
            if round_number:  # the first one warms up
                echoes.append(bare.percentile_ms(50))
                scores.append(full.percentile_ms(50))
    ours, theirs = sorted(scores)[ROUNDS // 2], sorted(echoes)[ROUNDS // 2]
    more: dict[str, object] = {"score_p50_ms": round(ours, 3), "echo_p50_ms": round(theirs, 3), "reasons": True}
    return Measure("score_rpc_vs_echo", round(ours / theirs, 2), "bare echoes", more)


async def _batch(inside: SyceeClient, *, without_reasons: bool) -> Measure:
    """Rows of one BatchScore stream a second."""
    asked = _request()

    def rows() -> Iterator[BatchScoreRequest]:
        for number in range(BATCH_ROWS):
            yield BatchScoreRequest(row=number, score=asked, without_reasons=without_reasons)

    begin = time.perf_counter()
    answered = 0
    async for answer in inside.scoring.BatchScore(rows()):
        answered += answer.HasField("score")
    seconds = time.perf_counter() - begin
    if answered != BATCH_ROWS:
        raise RuntimeError(f"{BATCH_ROWS - answered} of {BATCH_ROWS} rows have no score")
    name = "batch_rpc_per_s_without_reasons" if without_reasons else "batch_rpc_per_s"
    return Measure(name, round(answered / seconds, 1), "1/s", {"of": "one BatchScore stream"})
