"""ScoringService on the wire: convert, call, convert. A module for each part of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from sycee.scoring.v1 import scoring_pb2
from sycee_service.access import Allow

from sycee_scoring.handlers import distress, explaining, fraud, models, outcomes, scores

METHODS = tuple(method.name for method in scoring_pb2.DESCRIPTOR.services_by_name["ScoringService"].methods)

ACCESS: Mapping[str, Allow] = {
    **scores.ACCESS,
    **distress.ACCESS,
    **fraud.ACCESS,
    **explaining.ACCESS,
    **models.ACCESS,
    **outcomes.ACCESS,
}

OWN_VALIDATION = explaining.OWN_VALIDATION


class ScoringHandlers:
    """All RPCs, each taken from the one part that has it."""

    def __init__(self, *parts: object) -> None:
        for method in METHODS:
            having = [part for part in parts if hasattr(part, method)]
            if len(having) != 1:
                raise TypeError(f"{method} must be in exactly one part, not in {len(having)}")
            setattr(self, method, getattr(having[0], method))
