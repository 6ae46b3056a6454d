"""IngestionService on the wire: convert, call, convert. A module for each part of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow

from sycee_ingestion.handlers import documents, events, imports, links, merchants, privacy, profiles, training

ACCESS: Mapping[str, Allow] = {
    **merchants.ACCESS,
    **events.ACCESS,
    **imports.ACCESS,
    **profiles.ACCESS,
    **documents.ACCESS,
    **links.ACCESS,
    **privacy.ACCESS,
    **training.ACCESS,
}

OWN_VALIDATION = events.OWN_VALIDATION

_METHODS = tuple(method.name for method in ingestion_pb2.DESCRIPTOR.services_by_name["IngestionService"].methods)


class IngestionHandlers:
    """All RPCs, each taken from the one part that has it."""

    def __init__(self, *parts: object) -> None:
        for method in _METHODS:
            having = [part for part in parts if hasattr(part, method)]
            if len(having) != 1:
                raise TypeError(f"{method} must be in exactly one part, not in {len(having)}")
            setattr(self, method, getattr(having[0], method))
