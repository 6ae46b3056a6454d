"""What the gateway remembers of the catalogue: it changes rarely and every decision wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sycee_service.clock import Clock
from sycee_service.errors import NotFound, Unavailable

from sycee_gateway.domain.evidence import Lender, Product
from sycee_gateway.ports import Peers


@dataclass(frozen=True, slots=True)
class _Snapshot:
    read_at: datetime
    products: Mapping[str, Product] = field(default_factory=dict)
    lenders: Mapping[str, Lender] = field(default_factory=dict)


class Catalogue:
    """Products and lenders, read again when older than `max_age`.

    While the ledger is away the last reading serves: it only shapes questions, and the ledger itself has the last word
    on every limit.
    """

    def __init__(self, peers: Peers, clock: Clock, max_age: timedelta) -> None:
        self._peers = peers
        self._clock = clock
        self._max_age = max_age
        self._snapshot: _Snapshot | None = None
        self._reading = asyncio.Lock()

    async def product(self, product_id: str) -> Product:
        """A product. Errors: NotFound; Unavailable when the catalogue was never read and cannot be now."""
        product = (await self._current()).products.get(product_id)
        if product is None:
            raise NotFound("product", product_id)
        return product

    async def lenders(self) -> Mapping[str, Lender]:
        """The lenders by lender_id."""
        return (await self._current()).lenders

    async def _current(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is not None and self._clock.now() - snapshot.read_at < self._max_age:
            return snapshot
        async with self._reading:
            if self._snapshot is not snapshot and self._snapshot is not None:
                return self._snapshot
            self._snapshot = await self._read(snapshot)
            return self._snapshot

    async def _read(self, last: _Snapshot | None) -> _Snapshot:
        try:
            products, lenders = await asyncio.gather(self._peers.products(), self._peers.lenders())
        except Unavailable:
            if last is None:
                raise
            return _Snapshot(self._clock.now(), last.products, last.lenders)
        return _Snapshot(
            self._clock.now(),
            {product.product_id: product for product in products},
            {lender.lender_id: lender for lender in lenders},
        )
