"""A service's real server in the process of a test, on a free port, in plaintext."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import grpc

from sycee_service.clock import Clock
from sycee_service.host import Host
from sycee_service.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)

_POLL_S = 0.01


@asynccontextmanager
async def hosting(
    settings: S, build: Callable[[Host[S]], Awaitable[None]], *, clock: Clock | None = None, peer: str | None = None
) -> AsyncIterator[Host[S]]:
    """The running host, drained at the end. Settings with certificates keep TLS; all others run in plaintext.

    In plaintext a call names its peer in the metadata `x-test-peer`; `peer` is who calls when it does not.
    """
    if settings.tls_cert is None:
        settings = settings.model_copy(update={"allow_plaintext": True, "listen": "127.0.0.1:0"})
    host = Host(settings, clock, plaintext_peer=peer)
    try:
        await build(host)
        await host.start()
        yield host
    finally:
        await host.drain()


@asynccontextmanager
async def running(
    settings: S, build: Callable[[Host[S]], Awaitable[None]], *, clock: Clock | None = None, peer: str | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """As `hosting`, giving a channel to the server."""
    async with (
        hosting(settings, build, clock=clock, peer=peer) as host,
        grpc.aio.insecure_channel(f"127.0.0.1:{host.port}") as channel,
    ):
        yield channel


async def until(state: Callable[[], Awaitable[bool]] | Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    """Waits until `state` holds; AssertionError when it does not within the bound."""
    limit = time.monotonic() + timeout_s
    while True:
        holds = state()
        if await holds if not isinstance(holds, bool) else holds:
            return
        if time.monotonic() > limit:
            raise AssertionError(f"not reached within {timeout_s} s")
        await asyncio.sleep(_POLL_S)
