"""`sycee eval brushing`: known fake patterns in real orders, and what the judgement makes of them.

Merchants are cohorts of CDNOW's buyers with their real orders of a year. Fakes go into some of them, one pattern each,
at three intensities; others stay clean, plain or of a kind that is easily mistaken for brushing. Weights and thresholds
were chosen on one half of the buyers (`--choose` shows how); everything reported is measured on the other half.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sycee_ingestion.brushing.judgement import judge
from sycee_ingestion.evaluations.brushing_choice import chosen
from sycee_ingestion.evaluations.brushing_cohorts import Fate, halves, merchants
from sycee_ingestion.evaluations.brushing_figures import Judged
from sycee_ingestion.evaluations.brushing_report import Report, as_json, show, show_choice, summed_up
from sycee_ingestion.evaluations.brushing_trade import (
    OrdersNotHadError,
    Shop,
    details_of,
    orders_file,
    real_orders,
    truth_of,
)

MERCHANTS = 672
MOST_MERCHANTS = 5_000

Item = TypeVar("Item")


def main(argv: list[str] | None = None) -> int:
    """Inject known brushing patterns into real orders: precision, recall, AUC, and the harm to clean merchants.

    Returns 0 when it ran, 1 when the orders cannot be had or are too few.
    """
    words = _parser().parse_args(argv)
    try:
        orders = real_orders(words.orders or orders_file())
        for_choosing, for_measuring = halves(orders)
        rng = np.random.default_rng(words.seed)
        if words.choose:
            shops = merchants(orders, for_choosing, words.merchants, rng)
            show_choice(chosen(_with_bar(shops, words.merchants)), Console())
            return 0
        shops = merchants(orders, for_measuring, words.merchants, rng)
        report = measured(_with_bar(shops, words.merchants), len(orders), words.seed)
    except (OrdersNotHadError, ValueError) as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        return 1
    if words.json:
        sys.stdout.write(json.dumps(as_json(report), ensure_ascii=False) + "\n")
    else:
        show(report, Console())
    return 0


def measured(shops: Iterable[tuple[Fate, Shop]], real_order_count: int, seed: int) -> Report:
    """Judges each merchant and sums up."""
    judged, took_ms = [], []
    for fate, shop in shops:
        details = details_of(shop)
        begun = time.perf_counter()
        judgement = judge(details)
        took_ms.append((time.perf_counter() - begun) * 1_000)
        judged.append(
            Judged(
                kind=fate.kind,
                share=fate.share,
                suspicion=judgement.orders["suspicion"].to_numpy(),
                fake=judgement.orders["fake"].to_numpy(),
                truth=truth_of(shop, judgement.orders),
                fen=judgement.orders["fen"].to_numpy(),
            )
        )
    return summed_up(judged, real_order_count, seed, float(np.median(took_ms)))


def _with_bar(items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items, with a progress bar on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(items, total=total, description="merchants")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sycee eval brushing", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--seed", type=int, default=1, help="of cohorts, simulation and injection (default 1)")
    parser.add_argument("--orders", type=Path, metavar="FILE", help="orders laid out like CDNOW_master.txt")
    parser.add_argument(
        "--merchants",
        type=_merchant_count,
        default=MERCHANTS,
        help=f"how many to make, 1 to {MOST_MERCHANTS} (default {MERCHANTS})",
    )
    parser.add_argument("--choose", action="store_true", help="show how weights are chosen, on the other buyers")
    return parser


def _merchant_count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST_MERCHANTS:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST_MERCHANTS}")
    return count
