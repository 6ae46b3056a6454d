"""The use case of early warning: daily trade in, probability and reasons out. Pure and synchronous."""

from __future__ import annotations

from collections.abc import Callable

from sycee_scoring.distress.model import DistressModel
from sycee_scoring.domain import distress
from sycee_scoring.domain.distress import DailyTrade, NotAssessable, Warned


class DistressService:
    """Warns of shops whose trade is about to fall. Safe to share between calls."""

    def __init__(self, model: Callable[[], DistressModel]) -> None:
        self._model = model

    def assess(self, trade: DailyTrade, peer_change_28d: float) -> tuple[Warned | NotAssessable, str]:
        """The warning for one shop by the model in force, and its version; same trade and model, same answer."""
        model = self._model()
        return distress.assess(model, trade, peer_change_28d), model.version
