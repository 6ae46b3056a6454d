"""`sycee verify`: true receipts hold, every lie ends with 1 and one line that says what does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf import json_format
from google.protobuf.message import Message
from sycee.compliance.v1.compliance_pb2 import GetTreeHeadResponse, TreeHead
from sycee.decision.v1.decision_pb2 import Receipt
from sycee_cli.main import app
from sycee_client import receipts
from typer.testing import CliRunner, Result

LOG = Ed25519PrivateKey.generate()
RECORD = receipts.canonical_json(
    {
        "decision_id": "dec_a",
        "merchant_id": "m1",
        "product_id": "shopkeeper",
        "outcome": "DECLINED",
        "requested_fen": 5_000_000,
        "reasons": ["SALES_FALLING"],
    }
)
Verify = Callable[..., Result]


def head_of(left: bytes, right: bytes, key: Ed25519PrivateKey = LOG) -> TreeHead:
    root = receipts.node_hash(receipts.leaf_hash(left), receipts.leaf_hash(right))
    head = TreeHead(log_id="log", tree_size=2, root_hash=root)
    head.signed_at.FromJsonString("2026-03-02T08:00:00.123456Z")
    head.key_id = receipts.key_id(key.public_key())
    head.signature = key.sign(receipts.head_text(head))
    return head


def good() -> Receipt:
    sibling = b'{"decision_id":"dec_b"}'
    path = [receipts.leaf_hash(sibling)]
    head = head_of(RECORD, sibling)
    return Receipt(decision_id="dec_a", record=RECORD, leaf_index=0, inclusion_path=path, tree_head=head)


def kept(file: Path, message: Message) -> Path:
    file.write_text(json_format.MessageToJson(message))
    return file


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    key = tmp_path / "log.pub.pem"
    key.write_bytes(LOG.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def run(receipt: Message | str, *words: object) -> Result:
        file = tmp_path / "receipt.json"
        file.write_text(receipt if isinstance(receipt, str) else json_format.MessageToJson(receipt))
        return CliRunner().invoke(app, ["verify", str(file), "--key", str(key), *map(str, words)])

    return run


def test_a_true_receipt_holds(verify: Verify) -> None:
    done = verify(good())
    assert done.exit_code == 0, done.output
    assert "holds" in done.output
    assert "SALES_FALLING" in done.output
    assert "leaf       0 of 2" in done.output


def test_a_changed_record_does_not(verify: Verify) -> None:
    receipt = good()
    receipt.record = receipt.record.replace(b"DECLINED", b"APPROVED")
    done = verify(receipt)
    assert done.exit_code == 1
    assert "does not hold" in done.output
    assert done.output.count("\n") == 1


def test_another_log_does_not(verify: Verify, tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    key = tmp_path / "other.pem"
    key.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    done = verify(good(), "--key", key)
    assert done.exit_code == 1
    assert "the log's key is" in done.output


@pytest.mark.parametrize("wrap", [True, False])
def test_the_same_head_published_elsewhere(verify: Verify, tmp_path: Path, wrap: bool) -> None:
    head = good().tree_head
    published: Message = GetTreeHeadResponse(tree_head=head) if wrap else head
    assert verify(good(), "--head", kept(tmp_path / "head.json", published)).exit_code == 0


def test_a_log_that_shows_two_trees_is_found_out(verify: Verify, tmp_path: Path) -> None:
    other = head_of(RECORD, b'{"decision_id":"dec_c"}')
    done = verify(good(), "--head", kept(tmp_path / "head.json", other))
    assert done.exit_code == 1
    assert "two different trees of 2 leaves" in done.output


def test_a_head_of_another_size_cannot_be_compared(verify: Verify, tmp_path: Path) -> None:
    other = good().tree_head
    other.tree_size = 3
    other.signature = LOG.sign(receipts.head_text(other))
    done = verify(good(), "--head", kept(tmp_path / "head.json", other))
    assert done.exit_code == 1
    assert "of 3 leaves" in done.output


def test_a_head_that_nobody_signed_is_no_head(verify: Verify, tmp_path: Path) -> None:
    other = good().tree_head
    other.root_hash = hashlib.sha256(b"made up").digest()
    done = verify(good(), "--head", kept(tmp_path / "head.json", other))
    assert done.exit_code == 1
    assert "does not fit" in done.output


@pytest.mark.parametrize("text", ["", "{", "[]", '{"record": 7}', '{"unknown": 1}'])
def test_what_is_no_receipt_is_said_so(verify: Verify, text: str) -> None:
    done = verify(text)
    assert done.exit_code == 1
    assert "not a receipt" in done.output


def test_missing_files_are_named(verify: Verify, tmp_path: Path) -> None:
    for words in (("--key", tmp_path / "nothing.pem"), ("--head", tmp_path / "nothing.json")):
        done = verify(good(), *words)
        assert done.exit_code == 1
        assert "nothing" in done.output
    key = tmp_path / "spoilt.pem"
    key.write_text("no key")
    assert "spoilt.pem" in verify(good(), "--key", key).output
