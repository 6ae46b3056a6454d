"""The model's card in words, out of its figures. Training only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LIMITS: Final = (
    "The corpus holds reviews of books, hotels and notebook computers of about 2005 to 2010. Slang, trades and goods"
    " that came later are known from the word list alone.",
    "Many lines are one sentence of a longer review and carry the label of the whole: a line of praise out of a bad"
    " review is labelled bad. Part of the errors are of that kind; they also bound what any model can reach here.",
    "The word list was written from general knowledge of the language and mended after a look at which words tell"
    " good from bad in the corpus. The figures for trades left out are therefore somewhat kind.",
    "Irony, comparisons with another shop (「比那家好多了」), and praise of something other than what was bought are"
    " read at their face. A neutral text gets a number near the middle or below, and no third class.",
    "A text of few characters hangs on one word. Texts without Chinese are pulled to the middle: nothing was trained"
    " for them.",
    "A long account of a trouble that was solved, or a book's dark story retold, is read as worse than it was meant.",
)


def render(figures: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    return "\n".join([*_head(figures), *_data(figures["data"]), *_figures(figures["results"]), *_limits()])


def _head(figures: Mapping[str, Any]) -> list[str]:
    model = figures["model"]
    return [
        "# Sentiment of Chinese reviews",
        "",
        "Written by `python -m sycee_ingestion.reading.training`; not edited by hand.",
        "",
        f"- Artefact `{figures['artefact']}`, {figures['artefact_bytes']:,} bytes,"
        f" SHA-256 `{figures['artefact_sha256']}`, reader version {figures['reader_version']}.",
        f"- {model['known_runs']:,} runs of one to three characters, hashed (NB-SVM), and {model['features']} features"
        " of clauses over the word list `polarity.txt`, joined by a logistic regression.",
        "",
    ]


def _data(data: Mapping[str, Any]) -> list[str]:
    corpus, table = data["sources"]
    return [
        "## Data",
        "",
        f"{data['lines_read']:,} lines of `{corpus}` (`sentiment/pos.txt`, `neg.txt`; MIT by its metadata and licence"
        f" file; reviews of books, hotels and computers). {data['repeated']:,} repeats, {data['in_both_files']:,} lines"
        f" that stand on both sides and {data['without_letters']:,} without letters were left out, which leaves"
        f" {data['lines']:,}: {data['good']:,} good, {data['bad']:,} bad. Near-copies are kept together in every split"
        f" of lines: {data['near_copy_groups']:,} groups. By trade:"
        f" {', '.join(f'{name} {count:,}' for name, count in data['trades'].items())},"
        f" unclear {data['trade_unclear']:,}. Traditional characters are simplified by the table of `{table}` (OpenCC,"
        " Apache-2.0), which the artefact holds.",
        "",
    ]


def _figures(results: Mapping[str, Any]) -> list[str]:
    rows = [(f"trade left out: {name}", entry) for name, entry in results["left_out_trades"].items()]
    rows.append(("lines left out, five folds", results["left_out_lines"]))
    return [
        "## Figures",
        "",
        "At the threshold 0.5, with 95 % bootstrap intervals; F1 is that of good. In the first rows the model was"
        " trained on the two other trades alone; the model that is shipped was trained on all three. Beside it stands a"
        " bare one: TF-IDF of the same runs and a logistic regression, on the same splits.",
        "",
        "| validation | lines | AUC | accuracy | F1 | calibration error | AUC, bare | accuracy, bare |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(name, entry) for name, entry in rows),
        "",
    ]


def _limits() -> list[str]:
    return ["## What it is bad at", "", *(f"- {limit}" for limit in LIMITS), ""]


def _row(name: str, entry: Mapping[str, Any]) -> str:
    cells = [_cell(entry[measure]) for measure in ("auc", "accuracy", "f1")]
    bare = entry["bare"]
    return (
        f"| {name} | {entry['n']:,} | {' | '.join(cells)} | {entry['calibration_error']:.3f}"
        f" | {bare['auc']:.3f} | {bare['accuracy']:.3f} |"
    )


def _cell(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval_95"]
    return f"{figure['value']:.3f} ({low:.3f} to {high:.3f})"
