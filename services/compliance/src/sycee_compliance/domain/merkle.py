"""The Merkle tree of RFC 9162, section 2.1, as positions and hashes: growth and proofs in O(log n), no storage.

A node is named (level, index): level 0 holds the leaves, and node (l, i) covers leaves from i·2^l to (i + 1)·2^l − 1.
Only whole nodes are kept; the ragged right edge is folded when it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Place = tuple[int, int]
"""(level, index) of a whole node."""


def leaf_hash(record: bytes) -> bytes:
    """SHA-256 of 0x00 and the record."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending leaves changes: the whole nodes that came to be, and the frontier after it."""

    size: int
    frontier: tuple[bytes, ...]
    nodes: dict[Place, bytes]


def frontier_places(size: int) -> list[Place]:
    """Places of the whole nodes that make up a tree of this size, largest first."""
    return cover(0, size)


def cover(start: int, end: int) -> list[Place]:
    """Places of the whole nodes that cover leaves start … end − 1, left to right.

    `start` must be a multiple of a power of two that is at least end − start.
    """
    places = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return places


def grow(size: int, frontier: Sequence[bytes], leaves: Sequence[bytes]) -> Growth:
    """Appends leaf hashes to a tree of `size` leaves that is known by its frontier alone."""
    edge = list(frontier)
    nodes: dict[Place, bytes] = {}
    for index, leaf in enumerate(leaves, start=size):
        nodes[0, index] = leaf
        level, at, hashed = 0, index, leaf
        while at & 1:
            hashed = node_hash(edge.pop(), hashed)
            level, at = level + 1, at >> 1
            nodes[level, at] = hashed
        edge.append(hashed)
    return Growth(size + len(leaves), tuple(edge), nodes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over whole nodes that stand side by side, larger ones left."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_places(index: int, size: int) -> list[list[Place]]:
    """For each step of the inclusion proof of a leaf, sibling of the leaf first, the nodes whose fold is the step."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    steps: list[list[Place]] = []
    level, at, last = 0, index, size - 1
    while last > 0:
        if at & 1:
            steps.append([(level, at - 1)])
        elif at < last:
            steps.append(cover((at + 1) << level, min((at + 2) << level, size)))
        level, at, last = level + 1, at >> 1, last >> 1
    return steps


def inclusion_path(steps: Sequence[Sequence[Place]], nodes: Mapping[Place, bytes]) -> tuple[bytes, ...]:
    """The proof out of its places and the hashes of whole nodes. KeyError when one is not there."""
    return tuple(fold([nodes[place] for place in step]) for step in steps)
