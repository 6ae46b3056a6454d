"""The committed early-warning model: finding, checking and loading its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from sycee_scoring.distress.model import DistressModel, model_from_json
from sycee_scoring.model_files import MODELS, ModelRefusedError, canonical_json

DISTRESS_VERSION: Final = "distress-2026.1"


def serving_digest(serving: dict[str, Any]) -> str:
    """SHA-256 of a card's serving section, in its one spelling."""
    return hashlib.sha256(canonical_json(serving)).hexdigest()


def load_distress_model(folder: Path = MODELS, version: str = DISTRESS_VERSION) -> DistressModel:
    """Reads the card of a version, whose serving section is the model.

    Raises ModelRefusedError where the card is missing or unreadable, its digest differs, or it was made for other
    figures than this code computes.
    """
    try:
        card: dict[str, Any] = json.loads((folder / f"{version}.json").read_text(encoding="utf-8"))
        digest = serving_digest(card["serving"])
        if digest != card["serving_sha256"]:
            raise ModelRefusedError(f"{version}: serving section has SHA-256 {digest}, its card says another")
        return model_from_json(f"{version}+sha256.{digest[:12]}", card["serving"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{version} cannot be loaded: {error}") from error
