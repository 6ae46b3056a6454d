"""The page of the application model's card."""

from __future__ import annotations

from typing import Final

from sycee_scoring.card_parts import Card, features, figure, names, plot, table, years


def sections(card: Card) -> list[str]:
    """All but head and limits."""
    return [
        *_what(card),
        *_results(card),
        *_challengers(card),
        *_vintages(card),
        *_drift(card),
        *_ablation(card),
    ]


def _what(card: Card) -> list[str]:
    data, model, serving = card["data"], card["model"], card["serving"]
    risks = sorted(serving["goods_risk"].items(), key=lambda item: item[1])
    return [
        f"- Data: `{data['source']}`, SHA-256 `{data['sha256']}`; retail trade (NAICS 44–45),"
        f" {data['retail_loans_with_outcome']:,} loans with an outcome, {data['charged_off']:,} charged off. Names are"
        " neither kept nor shown.",
        f"- Fiscal years of approval: trained on {years(data['train_years'])} ({data['train_loans']:,} loans,"
        f" {data['train_charge_off_rate']:.1%} charged off), chosen on {years(data['choice_years'])}, tested on"
        f" {years(data['test_years'])} and apart on {years(data['late_years'])}. 1987 and 1988 are left out, since"
        " the file kept mostly failures of those years, and 1989 with them.",
        f"- Not learnt from: {data['guaranteed_whole']:,} loans guaranteed whole, of which"
        f" {data['guaranteed_whole_charged_off_before_2009']} of {data['guaranteed_whole_before_2009']:,} approved"
        " before 2009 were charged off: how the file books them, not merit. They are in the tests all the same, so"
        " that figures compare with others' on this file.",
        "",
        "## What it is",
        "",
        f"A sum of {model['tables']} tables of one feature or two, {model['cells']:,} cells in all, boosted by"
        f" LightGBM {model['lightgbm']} in two stages: {model['portrait_trees']} trees on what a portrait has, then"
        f" {model['form_trees']} on what a full form adds. A merchant without a form has the first stage's log-odds,"
        f" to the last decimal. {model['masked_share']:.0%} of each feature was hidden in training, so that a missing"
        " value is an ordinary one. Each loan starts from the log-odds of its own year, so trees learn what sets"
        " loans of one year apart; the level comes from the portfolio's base rate (prior correction). Calibration"
        f" slopes of the choice year, at most 1: {serving['slope']} for the portrait, {model['form_slope']} for what"
        " the form adds (worked into its tables).",
        "",
        *features(card),
        f"What a portrait has: {names(model['portrait_features'])}. What a full form adds:"
        f" {names(model['form_features'])}. What is learnt from outcomes (goods, lenders) is learnt from the training"
        " years; a training loan never tells of its own lender's record.",
        "",
        f"Goods, log-odds against all retail (training years, smoothed by {model['smoothing_loans_of_goods']:.0f}"
        " ordinary loans): " + ", ".join(f"{name} {risk:+.2f}" for name, risk in risks) + ".",
        "",
        *plot(card, "shapes"),
    ]


def _results(card: Card) -> list[str]:
    rows = [
        (
            period,
            what,
            f"{entry['loans']:,}",
            f"{entry['bad_rate']:.1%}",
            figure(entry["auc"]),
            figure(entry["ks"]),
            *(
                f"{figure(entry[prior]['brier'])} ({entry[prior]['brier_of_constant']:.4f})"
                for prior in ("prior_of_2004", "own_prior")
            ),
            f"{entry['own_prior']['ece']:.3f}",
        )
        for what, key in (
            ("full form", "results_form"),
            ("full form, comparable loans", "results_comparable"),
            ("portrait", "results"),
        )
        for period, entry in card[key].items()
    ]
    head = (
        "approved",
        "known",
        "loans",
        "charged off",
        "AUC",
        "KS",
        "Brier, prior of 2004",
        "Brier, own prior",
        "ECE, own",
    )
    return [
        "## Out of time",
        "",
        "Intervals are 95 %: DeLong for AUC, bootstrap over loans for the rest. In round brackets: a constant at the"
        " same mean. The prior of 2004 is what was known before; the own prior is the period's charge-off rate, as"
        " prior correction has it once it is known. Comparable are loans that are not guaranteed whole, as all are"
        " that the model learnt from. 2005 chose the number of trees and is no test; many loans of 2008 to 2010 had"
        " not run long when the file was made.",
        "",
        *table(head, rows),
        *plot(card, "ranking"),
    ]


def _challengers(card: Card) -> list[str]:
    rows = [
        (row["model"], row["features"], *(figure(row[f"auc_{period}"]) for period in card["results"]))
        for row in card["challengers"]
    ]
    return [
        "## Challengers",
        "",
        "The same features and years, learnt by other means. The scorecard's bins are monotone in the same"
        " directions. For scale: default LightGBM on the file's own columns without Term and UrbanRural reaches 0.648"
        " and 0.667, a logistic regression 0.593 and a WOE scorecard 0.601 (2006–2007).",
        "",
        *table(("model", "known", *(f"AUC {period}" for period in card["results"])), rows),
    ]


def _vintages(card: Card) -> list[str]:
    rows = [
        (
            row["fiscal_year"],
            f"{row['loans']:,}",
            f"{row['observed']:.1%}",
            f"{row['predicted_at_prior_of_2004']:.1%}",
            ""
            if row["predicted_at_prior_of_year_before"] is None
            else f"{row['predicted_at_prior_of_year_before']:.1%}",
            f"{row['calibration_slope']:.2f}",
            f"{row['auc']:.3f}",
        )
        for row in card["vintages"]
    ]
    head = ("approved", "loans", "charged off", "at prior of 2004", "at prior of the year before", "slope", "AUC")
    return [
        "## Calibration by vintage, full form",
        "",
        "A slope of 1 says that the log-odds of that year were spread as the model says, a smaller one that they were"
        " overstated. Prior correction with the year before follows the level with a year's delay, and flatters:"
        " outcomes of the year before would not have been in. The years up to 2004 were trained on.",
        "",
        *table(head, rows),
        *plot(card, "calibration"),
    ]


def _drift(card: Card) -> list[str]:
    drift = card["drift"]
    quantities = [name for name in drift["rows"][0] if name != "year"]
    rows = [(row["year"], *(_marked(row[name]) for name in quantities)) for row in drift["rows"]]
    said = {row["year"]: [name for name in quantities if row[name] > 0.10] for row in drift["rows"]}
    year = drift["reference_year"] + 2
    watched = names(said[year]) if said[year] else "nothing"
    seen = {row["fiscal_year"]: row["observed"] for row in card["vintages"]}
    score = drift["rows"][1]["score (portrait)"]
    return [
        f"## What the drift monitor would have said in {year}",
        "",
        f"PSI of the score and CSI of each feature against the applicants of {drift['reference_year']}; above 0.10"
        f" (\\*) worth a look, above 0.25 (\\*\\*) an alarm. In {year} it would have shown {watched}. The score's own"
        f" PSI was {score:.3f}, while the charge-off rate went from {seen[drift['reference_year']]:.1%} to"
        f" {seen[year]:.1%}: the same applicants defaulted more, which no monitor of applicants can see. Early"
        " arrears, outcomes and prior correction can.",
        "",
        *table(("approved", *quantities), rows),
        *plot(card, "drift"),
    ]


def _marked(value: float) -> str:
    return f"{value:.3f}{'**' if value > 0.25 else '*' if value > 0.10 else ''}".replace("*", "\\*")


def _ablation(card: Card) -> list[str]:
    periods = list(card["results"])
    rows = [
        (
            row["choice"],
            f"{row['portrait_trees']} + {row['form_trees']}",
            *(f"{row[f'auc_{form}_{period}']:.4f}" for form in _ABLATED for period in periods[1:]),
        )
        for row in card["ablation"]
    ]
    head = ("choice", "trees", *(f"{form}, {period}" for form in _ABLATED for period in periods[1:]))
    return [
        "## Other choices",
        "",
        "AUC out of time, each trained and chosen in the same way. The amount, in years of national income per head"
        " (which bridges inflation and currency), takes the place of `new_business` here. In this file a larger loan"
        " is a safer one, because banks lend large sums to the strong: left free, the model would reward asking for"
        " more, and told that it may only harm, it says next to nothing. It is no feature.",
        "",
        *table(head, rows),
    ]


_ABLATED: Final = ("portrait", "form", "comparable")
