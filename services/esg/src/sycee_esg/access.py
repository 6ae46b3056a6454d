"""Who may call what."""

from __future__ import annotations

from typing import Final

from sycee_service.access import Access, Allow

ACCESS: Final[Access] = {"Assess": Allow(scope="esg.read", peers=frozenset({"gateway", "operator"}))}
