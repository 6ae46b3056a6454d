"""The model card as a page to read."""

from __future__ import annotations

from typing import Any, Final

LIMITS: Final = (
    "The loans are American, 1990 to 2010, mostly to shops with doors; online merchants in China differ. The model "
    "enters the score with half weight at most, and its level is never used.",
    "Charge-off at any time in the loan's life stands in for 90 days past due within twelve months; only the order of "
    "applicants carries over.",
    "The features that an online merchant's application has say little: who asks for a ranking of 0.65 from them is "
    "promised too much. Term, UrbanRural, the guaranteed share, the line-of-credit flag, bank and place rank better in "
    "this file and are left out: the first records what happened after approval and the second is a date in disguise; "
    "the others have no counterpart here.",
    "Outcomes of 2009 and later are not all in: loans that fail late still count as good or are missing.",
    "Whether a business was new is the lender's word; employees are as stated and not checked.",
    "No feature is personal; goods may stand in for who sells them. Impact by group is to be watched where a lender "
    "knows the groups.",
)


def render(card: dict[str, Any]) -> str:
    """Markdown of a card."""
    parts = [
        f"# {card['version']}",
        "",
        "Made by `make train`; the figures are in the JSON file beside this page, which the service reads.",
        "",
        *_what(card),
        *_results(card),
        *_vintages(card),
        *_ablation(card),
        "## Limits",
        "",
        *(f"- {limit}" for limit in card["limits"]),
        "",
    ]
    return "\n".join(parts)


def _what(card: dict[str, Any]) -> list[str]:
    data, model, serving = card["data"], card["model"], card["serving"]
    directions = {-1: "never raises the probability", 1: "never lowers the probability"}
    features = [
        f"- `{name}`: a larger value {directions[direction]}; share of the gain {model['gain_share'][name]:.0%}"
        for name, direction in zip(serving["features"], serving["monotone"], strict=True)
    ]
    risks = sorted(serving["goods_risk"].items(), key=lambda item: item[1])
    return [
        "## What it is",
        "",
        f"{model['kind']} (LightGBM {model['lightgbm']}): {model['trees']} trees of depth {model['depth']}, monotone,",
        f"deterministic by seed; {model['masked_share']:.0%} of each feature hidden in training, so that a missing",
        "value is an ordinary one. It ranks applicants within their year; the level comes from the portfolio's base",
        f"rate (prior correction). Its log-odds are multiplied by {serving['slope']}, the calibration slope of the",
        "choice year, at most 1.",
        "",
        f"- Data: `{data['source']}`, SHA-256 `{data['sha256']}`; retail trade (NAICS 44–45), "
        f"{data['retail_loans_with_outcome']:,} loans with an outcome, {data['charged_off']:,} charged off.",
        f"- Fiscal years of approval: trained on {_years(data['train_years'])} ({data['train_loans']:,} loans,"
        f" {data['train_charge_off_rate']:.1%} charged off), chosen on {_years(data['choice_years'])}, tested on"
        f" {_years(data['test_years'])} and apart on {_years(data['late_years'])}. 1987 and 1988 are left out, since"
        " the file kept mostly failures of those years, and 1989 with them.",
        f"- Artefact: `{card['artefact']}`, SHA-256 `{card['artefact_sha256']}`; serving section"
        f" `{card['serving_sha256']}`. Loading refuses any other.",
        "",
        "Features:",
        "",
        *features,
        "",
        "Goods, log-odds against all retail (training years, smoothed by 200 ordinary loans): "
        + ", ".join(f"{name} {risk:+.2f}" for name, risk in risks)
        + ".",
        "",
    ]


def _results(card: dict[str, Any]) -> list[str]:
    rows = [
        f"| {period} | {entry['loans']:,} | {entry['charge_off_rate']:.1%} | {_figure(entry['auc'])} |"
        f" {_figure(entry['ks'])} |"
        f" {_figure(entry['brier_at_prior_of_2004'])} ({entry['brier_of_constant_at_prior_of_2004']:.4f}) |"
        f" {_figure(entry['brier_at_own_prior'])} ({entry['brier_of_constant_at_own_prior']:.4f}) |"
        for period, entry in card["results"].items()
    ]
    return [
        "## Out of time",
        "",
        "Intervals are 95 %, by bootstrap over loans. In round brackets: a constant at the same prior. The prior of",
        "2004 is what was known before; the own prior is the period's charge-off rate, as prior correction has it once",
        "it is known.",
        "",
        "| approved | loans | charged off | AUC | KS | Brier, prior of 2004 | Brier, own prior |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        "The ranking is weak and holds; the level does not carry from year to year, so none is learnt.",
        "",
    ]


def _vintages(card: dict[str, Any]) -> list[str]:
    rows = [
        f"| {row['fiscal_year']} | {row['loans']:,} | {row['observed']:.1%} | {row['predicted_at_prior_of_2004']:.1%} |"
        f" {row['calibration_slope']:.2f} | {row['auc']:.3f} |"
        for row in card["vintages"]
    ]
    return [
        "## Calibration by vintage",
        "",
        "A slope of 1 says that the log-odds of that year were spread as the model says, a smaller one that they were",
        "overstated.",
        "",
        "| approved | loans | charged off | predicted at the prior of 2004 | slope | AUC |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _ablation(card: dict[str, Any]) -> list[str]:
    rows = [
        f"| {row['features']} | {row['depth']} × {row['rounds']} | {row['auc_2006_2007']:.4f} |"
        f" {row['auc_2008_2010']:.4f} | {row['gain_share'].get('amount', 0.0):.0%} |"
        for row in card["ablation"]
    ]
    return [
        "## Why the amount is no feature",
        "",
        "Amounts in years of national income per head, which bridges inflation and currency. In this file a larger",
        "loan is a safer one, because banks lend large sums to the strong. Left free, the model would reward asking",
        "for more.",
        "",
        "| features | depth × trees | AUC 2006–2007 | AUC 2008–2010 | gain of the amount |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _figure(figure: dict[str, float]) -> str:
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"


def _years(pair: list[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}–{pair[1]}"
