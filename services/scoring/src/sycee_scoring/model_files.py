"""The committed models: finding, checking and loading them. A file that is not what its card says is refused.

A model is two files: `VERSION.tables.json`, the artefact (`domain.additive`), and `VERSION.json`, the card, whose
section `serving` holds what else the service needs; `VERSION.md` is the card as a page. Whoever keeps models elsewhere
gives card and artefact to `application_model` or `bureau_model`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.additive import AdditiveTable, AdditiveTextError, from_text
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import BureauModel

MODELS: Final = Path(__file__).with_name("models")
APPLICATION_VERSION: Final = "application-2026.2"
BUREAU_VERSION: Final = "bureau-2026.2"


class ModelRefusedError(Exception):
    """A model is missing, damaged or not the one its card describes; the message says which."""


def canonical_json(value: object) -> bytes:
    """One spelling for each value, to take a digest of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def schema_sha256(features: Sequence[str], monotone: Sequence[int]) -> str:
    """Digest, in hex, of names, order and directions of a model's features."""
    return hashlib.sha256(canonical_json({"features": list(features), "monotone": list(monotone)})).hexdigest()


def load_application_model(folder: Path = MODELS, version: str = APPLICATION_VERSION) -> ApplicationModel:
    """The application model of a version. Raises ModelRefusedError."""
    return application_model(*read_files(folder, version))


def load_bureau_model(folder: Path = MODELS, version: str = BUREAU_VERSION) -> BureauModel:
    """The bureau model of a version. Raises ModelRefusedError."""
    return bureau_model(*read_files(folder, version))


def read_files(folder: Path, version: str) -> tuple[dict[str, Any], bytes]:
    """Card and artefact of a version, unchecked. Raises ModelRefusedError where a file is missing or unreadable."""
    try:
        card: dict[str, Any] = json.loads((folder / f"{version}.json").read_text(encoding="utf-8"))
        return card, (folder / card["artefact"]).read_bytes()
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{version} cannot be loaded: {error}") from error


def application_model(card: Mapping[str, Any], artefact: bytes) -> ApplicationModel:
    """The model in card and artefact.

    Raises ModelRefusedError where a digest differs from the card's, or the features are not the ones this code
    computes, in this order and with these directions, or the tables break a direction.
    """
    name = str(card.get("version", "a model without version"))
    try:
        table = _checked(card, artefact, application.FEATURES, application.MONOTONE)
        serving = card["serving"]
        return ApplicationModel(
            version=_named(card),
            table=table,
            slope=float(serving["slope"]),
            goods_risk={str(goods): float(risk) for goods, risk in serving["goods_risk"].items()},
            reference=_reference(serving["reference"], len(application.FEATURES)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, AdditiveTextError) as error:
        raise ModelRefusedError(f"{name} cannot be loaded: {error}") from error


def bureau_model(card: Mapping[str, Any], artefact: bytes) -> BureauModel:
    """The model in card and artefact. Raises ModelRefusedError as `application_model` does."""
    name = str(card.get("version", "a model without version"))
    try:
        table = _checked(card, artefact, bureau.FEATURES, bureau.MONOTONE)
        return BureauModel(_named(card), table, _reference(card["serving"]["reference"], len(bureau.FEATURES)))
    except (KeyError, TypeError, ValueError, AttributeError, AdditiveTextError) as error:
        raise ModelRefusedError(f"{name} cannot be loaded: {error}") from error


def _checked(
    card: Mapping[str, Any], artefact: bytes, features: tuple[str, ...], monotone: tuple[int, ...]
) -> AdditiveTable:
    """The artefact's tables, once digests, schema and directions are found to be right."""
    serving = card["serving"]
    _check_digest("artefact", artefact, card["artefact_sha256"])
    _check_digest("serving section of the card", canonical_json(serving), card["serving_sha256"])
    table, directions = from_text(artefact.decode("utf-8"))
    stated = (tuple(serving["features"]), tuple(serving["monotone"]))
    for which, found in (("artefact", (table.features, directions)), ("card", stated)):
        if found != (features, monotone):
            raise ModelRefusedError(
                f"{card['version']}: its {which} is made for features {found[0]} with directions {found[1]}, this code"
                f" computes {features} with {monotone}"
            )
    for column, direction in enumerate(monotone):
        if (direction > 0 and table.least_step(column) < -_SLACK) or (
            direction < 0 and table.greatest_step(column) > _SLACK
        ):
            raise ModelRefusedError(f"{card['version']}: its tables break the direction of {features[column]}")
    return table


_SLACK: Final = 1e-4
"""Log-odds that rounding may take from a direction: each of a hundred tables at most half a millionth, and to spare."""


def _named(card: Mapping[str, Any]) -> str:
    return f"{card['version']}+sha256.{card['artefact_sha256'][:12]}"


def _reference(values: Sequence[float | None], count: int) -> tuple[float, ...]:
    if len(values) != count:
        raise ValueError(f"the reference has {len(values)} features, not {count}")
    return tuple(float("nan") if value is None else float(value) for value in values)


def _check_digest(what: str, content: bytes, expected: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise ModelRefusedError(f"the {what} has SHA-256 {actual}, its card says {expected}")
