"""Checks the receipt of a decision offline: no server is asked and none is trusted.

A receipt holds the record of a decision (the leaf), the way from it to the root of a Merkle tree, and the tree's head
as signed by the log. It is good when

1. the record is canonical JSON and speaks of the decision that the receipt names;
2. the leaf and the way up give the root that the head states (RFC 9162, section 2.1.3.2);
3. the head is signed by the log whose public key the caller holds (Ed25519, RFC 8032).

Each failure raises the class of what does not hold:

    ReceiptError
    ├── MalformedReceipt    it cannot be read, or the record is not canonical JSON
    ├── RecordMismatch      the record says another thing than the decision or the receipt around it
    ├── NotInTree           the way up does not lead from the record to the root
    └── HeadNotTrusted      the head is not signed by this log's key

All functions are pure.
"""

# ruff: noqa: N818 - they say what does not hold
from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from sycee.compliance.v1.compliance_pb2 import TreeHead
from sycee.decision.v1.decision_pb2 import Receipt

HASH_BYTES = 32
PUBLIC_KEY_BYTES = 32
MAX_PATH = 64  # a tree of 2^64 leaves is no higher
_HEAD_PREFIX = b"sycee-tree-head-v1"


class ReceiptError(Exception):
    """A receipt that does not hold; the text says what does not."""


class MalformedReceipt(ReceiptError):
    """It cannot be read as a receipt."""


class RecordMismatch(ReceiptError):
    """The record says another thing than what surrounds it."""


class NotInTree(ReceiptError):
    """The record is not in the tree that the head states."""


class HeadNotTrusted(ReceiptError):
    """The head is not signed by the log's key."""


def read_receipt(text: str | bytes) -> Receipt:
    """Reads receipt.json: protobuf's JSON of sycee.decision.v1.Receipt. Raises MalformedReceipt."""
    try:
        read = json.loads(text)
        if not isinstance(read, dict):
            raise MalformedReceipt("not a receipt: it must be a JSON object")
        return json_format.ParseDict(read, Receipt())
    except (json_format.ParseError, ValueError, RecursionError) as error:
        raise MalformedReceipt(f"not a receipt: {error}") from error


def read_public_key(data: bytes) -> Ed25519PublicKey:
    """Reads the log's public key: PEM, or the raw 32 bytes. Raises ValueError when it is no Ed25519 key."""
    if len(data) == PUBLIC_KEY_BYTES:
        return Ed25519PublicKey.from_public_bytes(data)
    key = load_pem_public_key(data)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the log's public key must be an Ed25519 key")  # noqa: TRY004 (the file's value is wrong)
    return key


def verify_receipt(receipt: Receipt, public_key: Ed25519PublicKey) -> dict[str, Any]:
    """Checks everything and answers with the record. Raises a ReceiptError that says what does not hold."""
    record = read_record(receipt.record)
    if record.get("decision_id") != receipt.decision_id:
        raise RecordMismatch(
            f"the receipt is for decision {receipt.decision_id!r}, its record for {record.get('decision_id')!r}"
        )
    verify_inclusion(
        leaf_hash(receipt.record),
        receipt.leaf_index,
        receipt.tree_head.tree_size,
        receipt.inclusion_path,
        receipt.tree_head.root_hash,
    )
    verify_head(receipt.tree_head, public_key)
    return record


def read_record(leaf: bytes) -> dict[str, Any]:
    """The record in a leaf. Raises MalformedReceipt unless it is a JSON object in the one canonical form.

    Only one sequence of bytes stands for a record, so that nobody can show two different leaves that read the same.
    """
    try:
        record = json.loads(leaf, parse_float=_refuse_number, parse_constant=_refuse_number)
    except (ValueError, RecursionError) as error:
        raise MalformedReceipt(f"the record is not JSON as the log takes it: {error}") from error
    if not isinstance(record, dict):
        raise MalformedReceipt("the record is not a JSON object")
    if canonical_json(record) != leaf:
        raise MalformedReceipt("the record is not in canonical form (UTF-8, sorted keys, no spaces, each key once)")
    return record


def canonical_json(value: object) -> bytes:
    """The one form of a value: UTF-8, sorted keys, no spaces. Raises ValueError on half a surrogate pair."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(leaf: bytes, leaf_index: int, tree_size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf's hash and its way up give (RFC 9162, section 2.1.3.2). Raises NotInTree when none does."""
    if leaf_index >= tree_size:
        raise NotInTree(f"leaf {leaf_index} cannot be in a tree of {tree_size} leaves")
    if len(path) > MAX_PATH or any(len(node) != HASH_BYTES for node in path):
        raise NotInTree(f"the inclusion path must hold at most {MAX_PATH} hashes of {HASH_BYTES} bytes")
    node, last, root = leaf_index, tree_size - 1, leaf
    for sibling in path:
        if last == 0:
            raise NotInTree(f"the inclusion path is too long for leaf {leaf_index} of {tree_size}")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise NotInTree(f"the inclusion path is too short for leaf {leaf_index} of {tree_size}")
    return root


def verify_inclusion(leaf: bytes, leaf_index: int, tree_size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raises NotInTree unless the leaf's hash and its way up give the root."""
    if root_from_path(leaf, leaf_index, tree_size, path) != root:
        raise NotInTree(f"record and inclusion path do not give the root of the tree of {tree_size} leaves")


def key_id(public_key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def head_text(head: TreeHead) -> bytes:
    """What the log signs: one line each for the form's name, log, size, root in hex, and time in microseconds."""
    if not head.HasField("signed_at"):
        raise MalformedReceipt("the tree head does not say when it was signed")
    if head.signed_at.nanos % 1_000 or not 0 <= head.signed_at.nanos < 1_000_000_000:
        raise MalformedReceipt("the tree head was signed at a time that is not whole microseconds")
    signed_at_us = head.signed_at.seconds * 1_000_000 + head.signed_at.nanos // 1_000
    lines = (_HEAD_PREFIX, head.log_id.encode(), b"%d" % head.tree_size, head.root_hash.hex().encode())
    return b"\n".join((*lines, b"%d" % signed_at_us)) + b"\n"


def verify_head(head: TreeHead, public_key: Ed25519PublicKey) -> None:
    """Raises HeadNotTrusted unless the head is signed by the key; MalformedReceipt when it cannot be one."""
    if "\n" in head.log_id:
        raise MalformedReceipt("the log's name holds a line break")  # it could pass for another head's text
    expected = key_id(public_key)
    if head.key_id != expected:
        raise HeadNotTrusted(f"the tree head is signed with key {head.key_id!r}, the log's key is {expected!r}")
    try:
        public_key.verify(head.signature, head_text(head))
    except InvalidSignature:
        raise HeadNotTrusted("the signature of the tree head does not fit the log's public key") from None


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is a floating-point number, and records hold integers alone")
