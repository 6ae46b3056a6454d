"""The Merkle tree against the definition of RFC 9162, against pymerkle, and against every flipped bit."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from sycee_compliance.domain import merkle


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, word for word: slow and plainly right."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def verifies(leaf: bytes, index: int, size: int, path: tuple[bytes, ...], root: bytes) -> bool:
    """Verification of RFC 9162, section 2.1.3.2, word for word."""
    if index >= size:
        return False
    at, last, hashed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = sha256(b"\x01" + sibling + hashed).digest()
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            hashed = sha256(b"\x01" + hashed + sibling).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == root


def built(records: list[bytes], batches: list[int]) -> tuple[merkle.Growth, dict[merkle.Place, bytes]]:
    """A tree grown batch by batch, with every node that was stored on the way."""
    growth, nodes = merkle.Growth(0, (), {}), {}
    taken = 0
    for count in [*batches, len(records)]:
        leaves = [merkle.leaf_hash(record) for record in records[taken : taken + count]]
        growth = merkle.grow(growth.size, growth.frontier, leaves)
        assert not nodes.keys() & growth.nodes.keys(), "a node is stored once and never changes"
        nodes |= growth.nodes
        taken = growth.size
    return growth, nodes


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.lists(st.integers(1, 40), max_size=10), st.data())
def test_every_proof_verifies_and_no_other(size: int, batches: list[int], data: st.DataObject) -> None:
    records = [f"record {at}".encode() for at in range(size)]
    growth, nodes = built(records, batches)
    root = merkle.fold(growth.frontier)
    assert growth.size == size
    assert root == tree_hash(records)
    for index in range(size):
        path = merkle.inclusion_path(merkle.inclusion_places(index, size), nodes)
        assert verifies(nodes[0, index], index, size, path, root)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_path(merkle.inclusion_places(index, size), nodes)
    leaf = nodes[0, index]
    bit = data.draw(st.integers(0, 255))
    for at in range(len(path)):
        broken = (*path[:at], flip(path[at], bit), *path[at + 1 :])
        assert not verifies(leaf, index, size, broken, root)
    assert not verifies(flip(leaf, bit), index, size, path, root)
    assert not verifies(leaf, index, size, path, flip(root, bit))
    if size > 1:
        assert not verifies(leaf, (index + 1) % size, size, path, root)


def flip(hashed: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(hashed))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 120), st.data())
def test_old_trees_are_proved_out_of_todays_nodes(size: int, data: st.DataObject) -> None:
    records = [bytes([at]) for at in range(size)]
    _, nodes = built(records, [])
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, old - 1))
    root = merkle.fold([nodes[place] for place in merkle.frontier_places(old)])
    assert root == tree_hash(records[:old])
    assert verifies(
        nodes[0, index], index, old, merkle.inclusion_path(merkle.inclusion_places(index, old), nodes), root
    )


@pytest.mark.parametrize("size", [*range(1, 35), 64, 65, 100, 127, 128, 129])
def test_agrees_with_pymerkle(size: int) -> None:
    records = [f"{at}".encode() * 3 for at in range(size)]
    other = InmemoryTree(algorithm="sha256")
    for record in records:
        other.append_entry(record)
    growth, nodes = built(records, [1, 2, 5])
    assert merkle.fold(growth.frontier) == other.get_root()
    for index in range(size):
        # pymerkle counts leaves from 1, and lists the leaf among its siblings from left to right.
        theirs = {bytes.fromhex(step) for step in other.prove_inclusion(index + 1).serialize()["path"]}
        assert {nodes[0, index], *merkle.inclusion_path(merkle.inclusion_places(index, size), nodes)} == theirs


def test_an_empty_tree() -> None:
    assert merkle.fold(()) == merkle.EMPTY_ROOT == sha256(b"").digest()
    assert merkle.frontier_places(0) == []


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3)])
def test_a_leaf_outside_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_places(index, size)


def test_work_grows_with_the_logarithm() -> None:
    size = 10_000_019
    edge = merkle.frontier_places(size)
    assert len(edge) <= 24
    growth = merkle.grow(size, [bytes(32)] * len(edge), [bytes(32)])
    assert len(growth.nodes) <= 25
    assert all(sum(map(len, merkle.inclusion_places(at, size))) <= 48 for at in (0, size // 2, size - 1))
