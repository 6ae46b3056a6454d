"""The committed models: finding, checking and loading them. A file that is not what its card says is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from sycee_scoring.domain.application import FEATURES, MONOTONE, ApplicationModel
from sycee_scoring.domain.trees import ModelTextError, parse_model, tabulate

MODELS: Final = Path(__file__).with_name("models")
APPLICATION_VERSION: Final = "application-2026.1"


class ModelRefusedError(Exception):
    """A model is missing, damaged or not the one its card describes; the message says which."""


def canonical_json(value: object) -> bytes:
    """One spelling for each value, to take a digest of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load_application_model(folder: Path = MODELS, version: str = APPLICATION_VERSION) -> ApplicationModel:
    """Reads card and artefact of a version.

    Raises ModelRefusedError where a file is missing or unreadable, a digest differs from the card's, or the features
    are not the ones this code computes, in this order and with these directions.
    """
    try:
        card: dict[str, Any] = json.loads((folder / f"{version}.json").read_text(encoding="utf-8"))
        artefact = (folder / card["artefact"]).read_bytes()
        serving = card["serving"]
        _check_digest("artefact", artefact, card["artefact_sha256"])
        _check_digest("serving section of the card", canonical_json(serving), card["serving_sha256"])
        features, trees = parse_model(artefact.decode("utf-8"))
        if features != FEATURES or tuple(serving["features"]) != FEATURES or tuple(serving["monotone"]) != MONOTONE:
            raise ModelRefusedError(f"{version}: made for features {features}, this code computes {FEATURES}")
        employees, new_business, goods_risk = serving["reference"]
        return ApplicationModel(
            version=f"{version}+sha256.{card['artefact_sha256'][:12]}",
            table=tabulate(features, trees),
            slope=float(serving["slope"]),
            goods_risk=dict(serving["goods_risk"]),
            reference=(float(employees), float(new_business), float(goods_risk)),
        )
    except (OSError, KeyError, TypeError, ValueError, ModelTextError) as error:
        raise ModelRefusedError(f"{version} cannot be loaded: {error}") from error


def _check_digest(what: str, content: bytes, expected: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise ModelRefusedError(f"the {what} has SHA-256 {actual}, its card says {expected}")
