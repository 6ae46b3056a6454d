"""The page of the bureau model's card."""

from __future__ import annotations

from sycee_scoring.card_parts import Card, features, figure, names, plot, table


def sections(card: Card) -> list[str]:
    """All but head and limits."""
    return [*_what(card), *_results(card), *_weights(card), *_fairness(card)]


def _what(card: Card) -> list[str]:
    data, model = card["data"], card["model"]
    return [
        f"- Data: `{data['source']}`, SHA-256 `{data['sha256']}`; {data['rows']:,} card accounts in Taiwan, April to"
        f" September 2005, {data['bads']:,} of which failed to pay in October ({data['bad_rate']:.1%}).",
        "",
        "## What it is",
        "",
        f"A sum of {model['tables']} tables of one feature or two, {model['cells']:,} cells in all, boosted by"
        f" LightGBM {model['lightgbm']} in two stages of {model['trees'][0]} trees: what a portrait has of a report"
        f" ({names(model['portrait_features'])}), then what a month-by-month grid adds"
        f" ({names(model['grid_features'])}). A report without a grid has the first stage's log-odds, to the last"
        " decimal. The level comes from the portfolio's base rate (prior correction). Repayments through Sycee are no"
        " part of it: an expert's table judges them until a lender's own outcomes replace it.",
        "",
        *features(card),
        *plot(card, "shapes"),
    ]


def _results(card: Card) -> list[str]:
    rows = [(row["model"], figure(row["auc"]), figure(row["ks"])) for row in card["comparison"]]
    truth = [
        (name, figure(entry["brier"]), f"{entry['brier_of_constant']:.4f}", f"{entry['ece']:.3f}")
        for name, entry in card["truth"].items()
    ]
    return [
        "## Cross-validated",
        "",
        "Five folds, each account judged by models that had not seen it, at the level of what they learnt from;"
        " which features, and how use of lines is coded, was chosen on such folds; rounds and shape were set"
        " beforehand. Intervals are 95 %: DeLong for AUC, bootstrap for the rest. On the same accounts"
        f" the model as served ranks better than the expert's table by {figure(card['gain_over_expert'])}.",
        "",
        *table(("model", "AUC", "KS"), rows),
        "`served` states less than these accounts show, since it is made for a window of 24 months and they have six.",
        "",
        *table(("stated by", "Brier", "constant", "ECE"), truth),
        *plot(card, "ranking"),
        *plot(card, "calibration"),
    ]


def _weights(card: Card) -> list[str]:
    window, elsewhere = card["window"], card["weights_elsewhere"]
    lags = [
        (lag, f"{effect:+.2f}", f"{count:,}")
        for lag, (effect, count) in enumerate(zip(window["effect_by_lag"], window["accounts_by_lag"], strict=True))
    ]
    bands = [
        (name.replace("_", " "), f"{low} and more", f"{weight:+.2f}", f"{error:.2f}")
        for name in ("enquiries", "public_records")
        for low, weight, error in zip(
            *(elsewhere[name][key] for key in ("lower_bounds", "log_odds", "errors")), strict=True
        )
    ]
    return [
        "## Old marks, enquiries, records",
        "",
        "One overdue month, by how long ago it was: log-odds against none. Beyond the sixth month the effect is held"
        " where it has levelled off. What the model adds for 1, 2, … 6 overdue months of"
        f" {card['model']['portrait_months']} is shrunk to"
        f" {', '.join(f'{share:.2f}' for share in window['shares'])} of what it is for as many of the last six.",
        "",
        f"A state of {card['default_state']['months']} months and more is a default by itself (rule LM-06), of which"
        " the accounts say too little:"
        f" {card['default_state']['surcharge']:+.2f} log-odds on top, an expert's judgement.",
        "",
        *table(("months ago", "log-odds", "accounts"), lags),
        f"Enquiries and public records: {elsewhere['source']}, delinquent lines allowed for; learnt once, since the"
        " file is in no published wheel. Log-odds against the mean record, and the standard error of the difference"
        " to the lowest band.",
        "",
        *table(("count", "band", "log-odds", "error"), bands),
    ]


def _fairness(card: Card) -> list[str]:
    rows = [
        (
            row["group"],
            f"{row['accounts']:,}",
            f"{row['approved']:.1%}",
            f"{row['impact_ratio']:.2f}",
            f"{row['observed']:.1%}",
            f"{row['stated']:.1%}",
            figure(row["auc"]),
        )
        for row in card["fairness"]["groups"]
    ]
    head = ("group", "accounts", "approved", "impact ratio", "defaulted", "stated", "AUC")
    return [
        "## Groups that the model does not see",
        "",
        f"With the safest {card['fairness']['approved_share']:.0%} approved. The impact ratio is a group's approval"
        " rate over the best group's of its kind; four fifths is the custom's line. Reported, not silently fixed.",
        "",
        *table(head, rows),
        *plot(card, "fairness"),
    ]
