"""A combination as a file: JSON with one spelling, so that the same parameters have the same digest."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from sycee_scoring.domain.combine import FULL_WEIGHTS, Calibration, CombinationModel
from sycee_scoring.model_files import ModelRefusedError, canonical_json
from sycee_scoring.registry.model import sha256_hex

FORMAT: Final = "sycee-combination-1"

FEATURES: Final = tuple(FULL_WEIGHTS)
"""What a combination reads: the evidence of each component, in this order."""

MONOTONE: Final = (1,) * len(FEATURES)
"""More evidence of default never lowers the probability: scales are not negative."""

MOST_SCALE: Final = 10.0
BASE_BOUNDS: Final = (-9.0, 3.0)


def to_bytes(model: CombinationModel) -> bytes:
    """The artefact. The version is not in it: that is named after its digest."""
    table = model.calibration
    return canonical_json(
        {
            "format": FORMAT,
            "features": list(FEATURES),
            "base_log_odds": model.base_log_odds,
            "scales": {name: model.scales.get(name, 1.0) for name in FEATURES},
            "calibration_error": model.calibration_error,
            "missing_error": model.missing_error,
            "calibration": None
            if table is None
            else {"edges": list(table.edges), "low": list(table.low), "high": list(table.high)},
        }
    )


def from_bytes(version: str, artefact: bytes) -> CombinationModel:
    """The model of an artefact. Raises ModelRefusedError for anything that `to_bytes` would not have written."""
    try:
        content = json.loads(artefact)
        if content["format"] != FORMAT or tuple(content["features"]) != FEATURES:
            raise ModelRefusedError(f"{version}: not a {FORMAT} of {', '.join(FEATURES)}")
        model = CombinationModel(
            version=version,
            base_log_odds=_number(content["base_log_odds"], *BASE_BOUNDS),
            scales=MappingProxyType({name: _number(content["scales"][name], 0.0, MOST_SCALE) for name in FEATURES}),
            calibration_error=_number(content["calibration_error"], 0.0, MOST_SCALE),
            missing_error=_number(content["missing_error"], 0.0, MOST_SCALE),
            calibration=_calibration(content["calibration"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefusedError(f"{version} cannot be read: {error!r}") from error
    if to_bytes(model) != artefact:
        raise ModelRefusedError(f"{version}: holds more than a {FORMAT} does")
    return model


def version_of(name: str, artefact: bytes) -> str:
    """A name with the digest of what it names, as models are called everywhere."""
    return f"{name}+sha256.{sha256_hex(artefact)[:12]}"


def _calibration(content: Any) -> Calibration | None:
    if content is None:
        return None
    edges, low, high = (tuple(_number(one, -50.0, 50.0) for one in content[name]) for name in ("edges", "low", "high"))
    if len(low) != len(edges) + 1 or len(high) != len(low):
        raise ValueError("the calibration wants one step more than edges")
    if any(before >= after for before, after in pairwise(edges)):
        raise ValueError("the edges of the calibration must rise")
    if any(before > after for ends in (low, high) for before, after in pairwise(ends)):
        raise ValueError("the ends of the calibration must not fall")
    return Calibration(edges, low, high)


def _number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    if not least <= value <= most:
        raise ValueError(f"{value!r} is not within {least} and {most}")
    return float(value)
