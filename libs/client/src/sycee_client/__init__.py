"""Typed async clients for Sycee: channels, deadlines, retries, errors, receipt checks.

    async with SyceeClient("credit.example.com:443", token=token) as sycee:
        answer = await sycee.decision.Decide(request)

Names are loaded when they are first used, so that a service that wants `sycee_client.calls` alone pays for no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sycee_client.client import SyceeClient
    from sycee_client.transport import MutualTls

__all__ = ["MutualTls", "SyceeClient"]

_HOMES = {"MutualTls": "sycee_client.transport", "SyceeClient": "sycee_client.client"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
