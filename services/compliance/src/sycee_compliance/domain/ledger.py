"""What the append-only log takes and answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sycee_compliance.domain import merkle
from sycee_compliance.domain.tree_head import TreeHead

RequestKey = tuple[str, str]
"""(caller, request_id)."""


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A record to append, with the caller and request_id that make the call idempotent."""

    caller: str
    request_id: str
    kind: str
    record: bytes

    @property
    def key(self) -> RequestKey:
        """What tells one call from another."""
        return (self.caller, self.request_id)

    def is_same(self, other: NewLeaf) -> bool:
        """Whether both ask for the same record under one key."""
        return self.kind == other.kind and self.record == other.record

    def is_known_as(self, known: KnownLeaf) -> bool:
        """Whether a leaf that is there already holds the same record."""
        return self.kind == known.kind and hashlib.sha256(self.record).digest() == known.record_sha256


@dataclass(frozen=True, slots=True)
class KnownLeaf:
    """A leaf that an earlier call appended, and the size of the tree whose head was answered then."""

    leaf_index: int
    tree_size: int
    kind: str
    record_sha256: bytes


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the log has grown: its size and the whole nodes along its right edge, largest first."""

    size: int
    frontier: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch ready to be stored: the tree after it, and the head that proves all of it."""

    before: LogState
    growth: merkle.Growth
    head: TreeHead

    @property
    def after(self) -> LogState:
        """The log once this batch is stored."""
        return LogState(self.growth.size, self.growth.frontier)

    def nodes(self) -> dict[merkle.Place, bytes]:
        """Every node that a proof of this batch's leaves can need: new ones, and the edge that they were put on."""
        edge = zip(merkle.frontier_places(self.before.size), self.before.frontier, strict=True)
        return {**dict(edge), **self.growth.nodes}


@dataclass(frozen=True, slots=True)
class Exclusive:
    """What was found and done under the log's lock. `sealed` is None when every leaf was there already."""

    known: Mapping[RequestKey, KnownLeaf]
    after: LogState
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class Appended:
    """A leaf's place, its inclusion proof, and the head that proves it."""

    leaf_index: int
    path: tuple[bytes, ...]
    head: TreeHead


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A leaf's hash and its proof against the root of a tree size."""

    leaf_hash: bytes
    path: tuple[bytes, ...]
    tree_size: int
    root_hash: bytes


def answers(sealed: Sealed) -> Sequence[Appended]:
    """One answer a leaf of a batch, in order, all against the same head."""
    nodes = sealed.nodes()
    size = sealed.growth.size
    return [
        Appended(index, merkle.inclusion_path(merkle.inclusion_places(index, size), nodes), sealed.head)
        for index in range(sealed.before.size, size)
    ]
