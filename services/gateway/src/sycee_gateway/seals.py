"""Writes receipts behind the answers, many in one statement, so that no answer waits for a commit of its own proof.

Nothing is lost when this process dies before it wrote one: the log gives the same leaf again to whoever finds the
decision DECIDED, which the sweeper does.
"""

from __future__ import annotations

import asyncio
from itertools import islice

from sycee_gateway.domain.decision import Decision, Receipt, State
from sycee_gateway.ports import Decisions

BATCH = 200
"""Receipts in one statement at most."""

LINGER_S = 0.2
"""How long a receipt waits for company. Nobody waits for it: until it is written it is read from here."""

MAX_WAITING = 10_000
"""Receipts kept in memory at most; beyond that the sweeper fetches them again."""


class Seals:
    """Receipts on their way to the store."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._waiting: dict[str, Receipt] = {}
        self._some = asyncio.Event()

    def put(self, decision_id: str, receipt: Receipt) -> None:
        """Hands over a receipt; it is written within the next round trip of the store."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting[decision_id] = receipt
            self._some.set()

    def applied(self, decision: Decision) -> Decision:
        """The decision with its receipt where that is still on its way."""
        receipt = self._waiting.get(decision.decision_id) if decision.state is State.DECIDED else None
        return decision.sealed(receipt) if receipt is not None else decision

    async def run(self) -> None:
        """Writes as long as the service lives."""
        while True:
            await self._some.wait()
            await asyncio.sleep(LINGER_S)
            await self.flush()

    async def flush(self) -> None:
        """Writes what is waiting."""
        while batch := dict(islice(self._waiting.items(), BATCH)):
            await self._decisions.seal(batch)
            for decision_id in batch:
                del self._waiting[decision_id]
        self._some.clear()
