"""The loaders of the components, and which models come with the code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sycee_scoring.distress import features as distress_features
from sycee_scoring.distress.model import DistressModel, model_from_json
from sycee_scoring.distress.model_file import DISTRESS_VERSION
from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import BureauModel
from sycee_scoring.domain.combine import COMMITTED, CombinationModel
from sycee_scoring.model_files import (
    APPLICATION_VERSION,
    BUREAU_VERSION,
    MODELS,
    ModelRefusedError,
    application_model,
    bureau_model,
    canonical_json,
)
from sycee_scoring.outcomes import artefact as combination
from sycee_scoring.registry.loaders import Card, Loader, packaged, read_package
from sycee_scoring.registry.model import Component, Facts, Figure, Package, sha256_hex
from sycee_scoring.registry.schema import Schema


def _stated(card: Card) -> Schema:
    serving = card["serving"]
    return Schema(tuple(serving["features"]), tuple(serving["monotone"]))


def _application(_version: str, artefact: bytes, card: Card) -> ApplicationModel:
    return application_model(card, artefact)


def _bureau(_version: str, artefact: bytes, card: Card) -> BureauModel:
    return bureau_model(card, artefact)


def _combination(version: str, artefact: bytes, _card: Card) -> CombinationModel:
    return combination.from_bytes(version, artefact)


def _stated_distress(card: Card) -> Schema:
    return Schema(tuple(card["serving"]["features"]), tuple(card["serving"]["raises"]))


def _distress(version: str, artefact: bytes, _card: Card) -> DistressModel:
    """Early warning is its card's serving section, which is its artefact here."""
    try:
        return model_from_json(version, json.loads(artefact))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{version} cannot be loaded: {error!r}") from error


def _shipped_application() -> Package:
    return read_package(LOADERS[Component.APPLICATION], APPLICATION_VERSION, _application_facts)


def _shipped_bureau() -> Package:
    return read_package(LOADERS[Component.BUREAU], BUREAU_VERSION, _bureau_facts)


def _shipped_distress() -> Package:
    """Its card is its only file: the artefact is the serving section in its one spelling."""
    try:
        card: dict[str, Any] = json.loads((MODELS / f"{DISTRESS_VERSION}.json").read_text(encoding="utf-8"))
        page = (MODELS / f"{DISTRESS_VERSION}.md").read_text(encoding="utf-8")
        card["artefact_sha256"] = card["serving_sha256"]
        facts = distress_facts(card)
        return packaged(LOADERS[Component.DISTRESS], canonical_json(card["serving"]), card, page, facts)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{DISTRESS_VERSION} cannot be loaded: {error!r}") from error


def _shipped_combination() -> Package:
    """The judgements that stand in the code, as a model like any other: what a refit can be rolled back to."""
    content = combination.to_bytes(COMMITTED)
    card: dict[str, Any] = {
        "version": COMMITTED.version,
        "artefact_sha256": sha256_hex(content),
        "serving": {"features": list(combination.FEATURES), "monotone": list(combination.MONOTONE)},
        "model": {
            "base_log_odds": COMMITTED.base_log_odds,
            "scales": dict(COMMITTED.scales),
            "calibration_error": COMMITTED.calibration_error,
            "missing_error": COMMITTED.missing_error,
        },
        "limits": ["Judgements: no outcome has been learnt from. A lender's own outcomes refit it (TrainModel)."],
    }
    page = f"# {COMMITTED.version}\n\nJudgements, not learnt; `domain/combine.py` gives the reasons of each.\n"
    return packaged(LOADERS[Component.COMBINATION], content, card, page, Facts(0, 0, None))


def _application_facts(card: Card) -> Facts:
    data = card["data"]
    bads = round(data["train_loans"] * data["train_charge_off_rate"])
    return Facts(data["train_loans"], bads, _figure(card["results"]["2006-2007"]["auc"]))


def distress_facts(card: Card) -> Facts:
    """What a list shows of an early warning's card."""
    learnt, auc = card["data"]["learn"], card["test"]["this_model"].get("auc")
    return Facts(learnt["pairs"], learnt["bads"], None if auc is None else _figure(auc))


def _bureau_facts(card: Card) -> Facts:
    data, auc = card["data"], card["results"]["auc"]
    return Facts(data["rows"], data["bads"], _figure(auc))


def _figure(stated: Mapping[str, float]) -> Figure:
    return Figure(stated["value"], stated["low"], stated["high"])


LOADERS: Final[Mapping[Component, Loader]] = {
    loader.component: loader
    for loader in (
        Loader(
            Component.APPLICATION,
            Schema(application.FEATURES, application.MONOTONE),
            _stated,
            _application,
            _shipped_application,
        ),
        Loader(Component.BUREAU, Schema(bureau.FEATURES, bureau.MONOTONE), _stated, _bureau, _shipped_bureau),
        Loader(
            Component.DISTRESS,
            Schema(distress_features.FEATURES, distress_features.RAISES),
            _stated_distress,
            _distress,
            _shipped_distress,
        ),
        Loader(
            Component.COMBINATION,
            Schema(combination.FEATURES, combination.MONOTONE),
            _stated,
            _combination,
            _shipped_combination,
        ),
    )
}
