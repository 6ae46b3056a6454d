"""`sycee eval linking`: merchants of one operator in a simulated population, and which of them are found.

There is no public set of merchants whose operators are known, so the population is simulated (`linking_population`) and
the figures say how the judgement bears the errors that were put in, not how common these are.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import log

from rich.console import Console
from rich.table import Table

from sycee_ingestion.domain.linking import (
    HOLDERS_COUNTED,
    MOST_CANDIDATES,
    MOST_HOLDERS,
    PROPOSE_FROM,
    Holders,
    Key,
    Party,
    judge,
    keys_of,
)
from sycee_ingestion.evaluations.linking_population import Registered, population

SIZE = 20_000
THRESHOLDS = (PROPOSE_FROM, 0.8, 0.95)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """How proposals at or above a score agree with the truth."""

    threshold: float
    proposed: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured. `found_share` is the share of true pairs that were compared at all."""

    merchants: int
    true_pairs: int
    compared_pairs: int
    found_share: float
    figures: tuple[Figures, ...]
    shared_by_pairs: Mapping[str, tuple[int, int]]
    """Of the true pairs, by what they share: how many there are, and how many were proposed."""
    us_a_merchant: float


class Index:
    """Merchants by their keys, in memory: finds candidates as `store.links` does in the database."""

    def __init__(self, parties: Iterable[Party]) -> None:
        self.parties = {party.merchant_id: party for party in parties}
        self._by_key: defaultdict[Key, list[str]] = defaultdict(list)
        for party in self.parties.values():
            for key in keys_of(party):
                self._by_key[key].append(party.merchant_id)

    def holders(self, party: Party) -> Holders:
        """How many merchants hold each key of one."""
        return {key: min(len(self._by_key[key]), HOLDERS_COUNTED) for key in keys_of(party)}

    def candidates(self, party: Party, holders: Holders) -> list[Party]:
        """Whom one is compared with: those with the rarest keys in common."""
        shared: Counter[str] = Counter()
        for key, count in holders.items():
            if 2 <= count <= MOST_HOLDERS:
                for merchant_id in self._by_key[key]:
                    shared[merchant_id] += log(len(self.parties) / count)  # type: ignore[assignment] # a sum of nats
        del shared[party.merchant_id]
        ordered = sorted(shared, key=lambda merchant_id: (-shared[merchant_id], merchant_id))
        return [self.parties[merchant_id] for merchant_id in ordered[:MOST_CANDIDATES]]


def scores(index: Index) -> dict[Pair, float]:
    """The score of every pair that is compared when every merchant is looked from."""
    found: dict[Pair, float] = {}
    for party in index.parties.values():
        holders = index.holders(party)
        for other in index.candidates(party, holders):
            pair = _pair(party.merchant_id, other.merchant_id)
            if pair not in found:
                found[pair] = judge(party, other, holders, len(index.parties)).score
    return found


def measured(size: int, seed: int) -> Report:
    """Simulates, links and sums up."""
    merchants = population(size, seed)
    truth = true_pairs(merchants)
    index = Index(merchant.party() for merchant in merchants)
    begun = time.perf_counter()
    found = scores(index)
    took_s = time.perf_counter() - begun
    return Report(
        merchants=len(merchants),
        true_pairs=len(truth),
        compared_pairs=len(found),
        found_share=len(truth & found.keys()) / len(truth),
        figures=tuple(_figures(threshold, found, truth) for threshold in THRESHOLDS),
        shared_by_pairs=_by_what_is_shared(merchants, truth, found),
        us_a_merchant=took_s / len(merchants) * 1_000_000,
    )


def true_pairs(merchants: Iterable[Registered]) -> set[Pair]:
    """The pairs of one operator."""
    of_operator: defaultdict[int, list[str]] = defaultdict(list)
    for merchant in merchants:
        of_operator[merchant.operator].append(merchant.merchant_id)
    return {_pair(one, other) for ids in of_operator.values() for one, other in combinations(ids, 2)}


def _figures(threshold: float, found: Mapping[Pair, float], truth: set[Pair]) -> Figures:
    proposed = {pair for pair, score in found.items() if score >= threshold}
    right = len(proposed & truth)
    precision, recall = right / max(1, len(proposed)), right / len(truth)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return Figures(threshold, len(proposed), precision, recall, f1)


def _by_what_is_shared(
    merchants: Iterable[Registered], truth: set[Pair], found: Mapping[Pair, float]
) -> dict[str, tuple[int, int]]:
    by_id = {merchant.merchant_id: merchant for merchant in merchants}
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for pair in truth:
        one, other = by_id[pair[0]], by_id[pair[1]]
        names = [name for name in ("uscc", "resident_id", "phone", "account") if _both(one, other, name)]
        counts["+".join(names) or "name or address alone"][0] += 1
        counts["+".join(names) or "name or address alone"][1] += found.get(pair, 0.0) >= PROPOSE_FROM
    return {name: (total, right) for name, (total, right) in sorted(counts.items(), key=lambda item: -item[1][0])}


def _both(one: Registered, other: Registered, name: str) -> bool:
    mine: str = getattr(one, name)
    return bool(mine) and mine == getattr(other, name)


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def main(argv: list[str] | None = None) -> int:
    """Link simulated merchants of one operator: precision and recall at three scores."""
    parser = argparse.ArgumentParser(prog="sycee eval linking", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--seed", type=int, default=1, help="of the population (default 1)")
    parser.add_argument("--merchants", type=int, default=SIZE, help=f"how many to make (default {SIZE})")
    words = parser.parse_args(argv)
    report = measured(words.merchants, words.seed)
    if words.json:
        sys.stdout.write(json.dumps(_as_json(report), ensure_ascii=False) + "\n")
    else:
        _show(report, Console())
    return 0


def _as_json(report: Report) -> dict[str, object]:
    return {
        "merchants": report.merchants,
        "true_pairs": report.true_pairs,
        "compared_pairs": report.compared_pairs,
        "found_share": round(report.found_share, 4),
        "at": {
            str(one.threshold): {
                "proposed": one.proposed,
                "precision": round(one.precision, 4),
                "recall": round(one.recall, 4),
                "f1": round(one.f1, 4),
            }
            for one in report.figures
        },
        "pairs_by_what_is_shared": {
            name: {"pairs": total, "proposed": right} for name, (total, right) in report.shared_by_pairs.items()
        },
    }


def _show(report: Report, console: Console) -> None:
    console.print(
        f"{report.merchants:,} simulated merchants, {report.true_pairs:,} pairs of one operator, "
        f"{report.found_share:.1%} of them among the {report.compared_pairs:,} compared; "
        f"{report.us_a_merchant:,.0f} µs a merchant",
        highlight=False,
    )
    table = Table("score from", "proposed", "precision", "recall", "F1")
    for one in report.figures:
        figures = (f"{one.proposed:,}", f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
        table.add_row(str(one.threshold), *figures)
    console.print(table)
    shared = Table("true pairs that share", "pairs", f"proposed from {PROPOSE_FROM}")
    for name, (total, right) in report.shared_by_pairs.items():
        shared.add_row(name, f"{total:,}", f"{right / total:.1%}")
    console.print(shared)


if __name__ == "__main__":
    sys.exit(main())
