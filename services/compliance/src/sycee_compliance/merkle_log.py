"""The log as callers see it: group commit of appends, heads and proofs.

Appending is serial by nature, so callers share commits: whatever waits while one batch is stored goes into the next,
with one statement, one signature and one flush to disk for all of it. A caller alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from sycee_service.clock import Clock
from sycee_service.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    SyceeError,
    Unavailable,
)
from sycee_service.logs import describe

from sycee_compliance.domain import merkle
from sycee_compliance.domain.ledger import Appended, InclusionProof, KnownLeaf, LogState, NewLeaf, Sealed, answers
from sycee_compliance.domain.tree_head import TreeHead
from sycee_compliance.signing import HeadSigner
from sycee_compliance.store import LogStore, RequestKnown

RETRY_AFTER_MS = 200

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Waiting:
    """A leaf whose caller waits; `answered` may be cancelled by a caller that ran out of time."""

    leaf: NewLeaf
    answered: asyncio.Future[Appended] = field(repr=False)

    def answer(self, appended: Appended) -> None:
        """Hands the answer over, unless nobody waits any more."""
        if not self.answered.done():
            self.answered.set_result(appended)

    def fail(self, error: SyceeError) -> None:
        """Tells the caller, unless nobody waits any more."""
        if not self.answered.done():
            self.answered.set_exception(error)


class MerkleLog:
    """One log in one database, which other processes may append to as well."""

    def __init__(self, store: LogStore, signer: HeadSigner, clock: Clock, *, waiting_max: int, batch_max: int) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(waiting_max)
        self._batch_max = batch_max
        # Where this process believes the log to be. A stale belief costs one more attempt, never a wrong leaf.
        self._state: LogState | None = None

    @property
    def public_key(self) -> bytes:
        """The raw Ed25519 key that verifies heads signed now."""
        return self._signer.public_key

    async def append(self, leaf: NewLeaf) -> Appended:
        """Appends a leaf, once for its caller and request_id, and proves it. Durable when it returns.

        Raises AlreadyExists (REQUEST_ID_REUSED), ResourceExhausted when too many wait, Unavailable when it could not be
        told whether the leaf is stored: the same request_id finds out.
        """
        waiting = Waiting(leaf, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            raise ResourceExhausted("LOG_BUSY", "too many records wait for the log", RETRY_AFTER_MS) from None
        return await waiting.answered

    async def run(self) -> None:
        """Stores batches until cancelled; then everyone who still waits is told to come back."""
        batch: list[Waiting] = []
        try:
            while True:
                batch = await self._next_batch()
                await self._store_batch(batch)
        finally:
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            for waiting in batch:
                waiting.fail(_unavailable())

    async def newest_head(self) -> TreeHead:
        """The newest head. One that no key at hand has signed (an empty log, a changed key) is signed now."""
        head = await self._store.newest_head()
        if head is not None and head.key_id == self._signer.key_id:
            return head
        size, root = (head.tree_size, head.root_hash) if head is not None else (0, merkle.EMPTY_ROOT)
        return self._signer.sign(size, root, self._clock.now())

    async def prove(self, leaf_index: int, tree_size: int) -> InclusionProof:
        """Proves a leaf against a tree size, 0 for the newest.

        Raises NotFound when the log holds no such leaf or was never so large, InvalidArgument when it holds both but
        the leaf came later.
        """
        newest = await self._store.size()
        if leaf_index >= newest:
            raise NotFound("leaf", str(leaf_index))
        if tree_size > newest:
            raise NotFound("tree", str(tree_size))
        size = tree_size or newest
        if leaf_index >= size:
            raise InvalidArgument("leaf_index", f"must be below the tree size, {size}", value=leaf_index)
        steps, edge = merkle.inclusion_places(leaf_index, size), merkle.frontier_places(size)
        nodes = await self._store.nodes(list({(0, leaf_index), *edge, *(place for step in steps for place in step)}))
        root = merkle.fold([nodes[place] for place in edge])
        return InclusionProof(nodes[0, leaf_index], merkle.inclusion_path(steps, nodes), size, root)

    async def _next_batch(self) -> list[Waiting]:
        batch = [await self._queue.get()]
        while len(batch) < self._batch_max and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    async def _store_batch(self, batch: Sequence[Waiting]) -> None:
        """Stores what is new in a batch and answers everyone in it, come what may."""
        groups: dict[tuple[str, str], list[Waiting]] = {}
        for waiting in batch:
            # A caller that gave up before its turn is spared; whether its leaf is there, its next attempt finds out.
            if not waiting.answered.done():
                groups.setdefault(waiting.leaf.key, []).append(waiting)
        try:
            await self._append([group[0].leaf for group in groups.values()], groups)
        except SyceeError as error:
            self._give_up(batch, error)
        except Exception as error:
            log.error("append to the log failed", leaves=len(groups), **describe(error))  # noqa: TRY400 - as text it might quote a record
            self._give_up(batch, _unavailable())

    async def _append(self, leaves: Sequence[NewLeaf], groups: dict[tuple[str, str], list[Waiting]]) -> None:
        if not leaves:
            return
        sealed = await self._append_hopefully(leaves)
        if sealed is not None:
            _answer_all(groups, leaves, sealed)
            return
        done = await self._store.append_exclusively(leaves, self._seal)
        self._state = done.after
        if done.sealed is not None:
            _answer_all(groups, [leaf for leaf in leaves if leaf.key not in done.known], done.sealed)
        for key, known in done.known.items():
            await self._answer_known(groups[key], known)

    async def _append_hopefully(self, leaves: Sequence[NewLeaf]) -> Sealed | None:
        """One statement, if the log is where it is believed to be and no request_id was used before; else None."""
        state, self._state = self._state, None
        if state is None:
            return None
        sealed = self._seal(state, leaves)
        try:
            stored = await self._store.append(leaves, sealed)
        except (RequestKnown, Unavailable):
            return None
        if not stored:
            return None
        self._state = sealed.after
        return sealed

    def _seal(self, state: LogState, leaves: Sequence[NewLeaf]) -> Sealed:
        growth = merkle.grow(state.size, state.frontier, [merkle.leaf_hash(leaf.record) for leaf in leaves])
        head = self._signer.sign(growth.size, merkle.fold(growth.frontier), self._clock.now())
        return Sealed(state, growth, head)

    async def _answer_known(self, group: Sequence[Waiting], known: KnownLeaf) -> None:
        """The answer of the first time, proof and head included: nodes never change, so neither does the proof."""
        same = [waiting for waiting in group if _accept(waiting, waiting.leaf.is_known_as(known))]
        if not same:
            return
        steps = merkle.inclusion_places(known.leaf_index, known.tree_size)
        nodes = await self._store.nodes([place for step in steps for place in step])
        head = await self._store.head(known.tree_size)
        for waiting in same:
            waiting.answer(Appended(known.leaf_index, merkle.inclusion_path(steps, nodes), head))

    def _give_up(self, batch: Sequence[Waiting], error: SyceeError) -> None:
        self._state = None
        for waiting in batch:
            waiting.fail(error)


def _answer_all(groups: dict[tuple[str, str], list[Waiting]], leaves: Sequence[NewLeaf], sealed: Sealed) -> None:
    """Answers the callers of freshly stored leaves; one key asked for twice in a batch is one leaf."""
    for leaf, appended in zip(leaves, answers(sealed), strict=True):
        for waiting in groups[leaf.key]:
            if _accept(waiting, waiting.leaf.is_same(leaf)):
                waiting.answer(appended)


def _accept(waiting: Waiting, same: bool) -> bool:
    if not same:
        waiting.fail(AlreadyExists("REQUEST_ID_REUSED", "this request_id was used for another record"))
    return same


def _unavailable() -> Unavailable:
    return Unavailable("LOG_UNAVAILABLE", "the log could not take the record", RETRY_AFTER_MS)
