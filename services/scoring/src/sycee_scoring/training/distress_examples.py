"""What the early-warning model says of two invented shops, for its card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sycee_scoring.distress.example import CAMPUS, STREET
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.domain.distress import DailyTrade, Warned, assess


def examples(model: DistressModel, days: Sequence[date]) -> list[dict[str, Any]]:
    """What the model says of an invented campus shop and an invented street shop on some days."""
    said = []
    for shop in (CAMPUS, STREET):
        for day in days:
            found = assess(model, DailyTrade(day, shop.before(day)))
            if isinstance(found, Warned):
                said.append(
                    {
                        "shop": shop.name,
                        "day": str(day),
                        "probability": round(found.probability, 4),
                        "low": round(found.low, 4),
                        "high": round(found.high, 4),
                        "outcome": round(shop.outcome(day), 2),
                        "reasons": [f"{reason.code} {reason.contribution:+.2f}" for reason in found.reasons],
                        "texts": [reason.text_en for reason in found.reasons],
                    }
                )
    return said
