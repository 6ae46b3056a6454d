"""Receipts hold when everything in them is true, and each lie is found and named."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf import json_format
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from sycee.common.v1.common_pb2 import Reason, RepaymentMethod
from sycee.compliance.v1.compliance_pb2 import TreeHead
from sycee.decision.v1.decision_pb2 import Decision, DecisionOutcome, LoanOffer, Receipt
from sycee_client import receipts
from sycee_client.decisions import verify_decision

LOG = Ed25519PrivateKey.generate()
KEY = LOG.public_key()
KEYS = ("decisionId", "record", "leafIndex", "inclusionPath", "treeHead", "signedAt", "rootHash")
SIGNED_AT = datetime(2026, 3, 2, 8, 0, 0, 123_456, tzinfo=UTC)


def tree_of(leaves: list[bytes]) -> InmemoryTree:
    """An independent Merkle tree (pymerkle), which hashes as RFC 9162 does."""
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


def path_of(leaves: list[bytes], index: int) -> list[bytes]:
    """The inclusion path by RFC 9162, section 2.1.3.1, straight from its recursive definition."""

    def root(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return receipts.leaf_hash(part[0])
        split = 1 << (len(part) - 1).bit_length() - 1
        return receipts.node_hash(root(part[:split]), root(part[split:]))

    def path(at: int, part: list[bytes]) -> list[bytes]:
        if len(part) == 1:
            return []
        split = 1 << (len(part) - 1).bit_length() - 1
        if at < split:
            return [*path(at, part[:split]), root(part[split:])]
        return [*path(at - split, part[split:]), root(part[:split])]

    return path(index, leaves)


def sign(head: TreeHead, key: Ed25519PrivateKey = LOG) -> TreeHead:
    head.key_id = receipts.key_id(key.public_key())
    head.signature = key.sign(receipts.head_text(head))
    return head


def receipt_for(record: bytes, others: int = 6, at: int = 3, decision_id: str = "dec-1") -> Receipt:
    leaves = [b'{"decision_id":"other-%d"}' % number for number in range(others)]
    leaves.insert(at, record)
    head = TreeHead(log_id="sycee-test", tree_size=len(leaves), root_hash=tree_of(leaves).get_root())
    head.signed_at.FromDatetime(SIGNED_AT)
    return Receipt(
        decision_id=decision_id,
        record=record,
        leaf_index=at,
        inclusion_path=path_of(leaves, at),
        tree_head=sign(head),
    )


def good() -> Receipt:
    return receipt_for(receipts.canonical_json({"decision_id": "dec-1", "name": "店主贷", "amount_fen": 5_000_000}))


@given(size=st.integers(1, 70), data=st.data())
def test_every_leaf_of_every_tree_proves_itself_against_an_independent_root(size, data):
    at = data.draw(st.integers(0, size - 1))
    leaves = [b"leaf-%d" % number for number in range(size)]
    root = tree_of(leaves).get_root()
    path = path_of(leaves, at)
    receipts.verify_inclusion(receipts.leaf_hash(leaves[at]), at, size, path, root)
    with pytest.raises(receipts.NotInTree):
        receipts.verify_inclusion(receipts.leaf_hash(b"another"), at, size, path, root)
    wrong = data.draw(st.integers(0, size - 1).filter(lambda other: other != at)) if size > 1 else None
    if wrong is not None:
        with pytest.raises(receipts.NotInTree):
            receipts.verify_inclusion(receipts.leaf_hash(leaves[at]), wrong, size, path, root)
    with pytest.raises(receipts.NotInTree, match=r"too long|do not give"):
        receipts.verify_inclusion(receipts.leaf_hash(leaves[at]), at, size, [*path, root], root)
    if path:
        with pytest.raises(receipts.NotInTree, match="too short"):
            receipts.verify_inclusion(receipts.leaf_hash(leaves[at]), at, size, path[:-1], root)


def test_a_good_receipt_gives_its_record_also_by_way_of_json():
    receipt = good()
    read = receipts.read_receipt(json_format.MessageToJson(receipt))
    assert read == receipt
    assert receipts.verify_receipt(read, KEY) == {"decision_id": "dec-1", "name": "店主贷", "amount_fen": 5_000_000}


def test_the_signed_text_is_what_the_format_says():
    head = good().tree_head
    assert receipts.head_text(head) == (
        b"sycee-tree-head-v1\nsycee-test\n7\n" + head.root_hash.hex().encode() + b"\n1772438400123456\n"
    )


def test_a_changed_record_is_found():
    receipt = good()
    receipt.record = receipt.record.replace(b"5000000", b"9000000")
    with pytest.raises(receipts.NotInTree, match="do not give the root"):
        receipts.verify_receipt(receipt, KEY)


def test_a_receipt_for_another_decision_is_found():
    receipt = good()
    receipt.decision_id = "dec-2"
    with pytest.raises(receipts.RecordMismatch, match=r"'dec-2'.*'dec-1'"):
        receipts.verify_receipt(receipt, KEY)


@pytest.mark.parametrize(
    "lie",
    [
        lambda head: setattr(head, "tree_size", 8),
        lambda head: setattr(head, "log_id", "another-log"),
        lambda head: setattr(head.signed_at, "seconds", head.signed_at.seconds + 1),
        lambda head: setattr(head, "signature", bytes(64)),
        lambda head: setattr(head, "signature", b"short"),
    ],
)
def test_a_changed_head_is_found(lie):
    head = good().tree_head
    lie(head)
    with pytest.raises(receipts.HeadNotTrusted, match="signature"):
        receipts.verify_head(head, KEY)


def test_a_head_of_another_log_is_found_even_when_it_claims_our_key():
    other = Ed25519PrivateKey.generate()
    receipt = good()
    receipt.tree_head.CopyFrom(sign(receipt.tree_head, other))
    with pytest.raises(receipts.HeadNotTrusted, match="is signed with key"):
        receipts.verify_receipt(receipt, KEY)
    receipt.tree_head.key_id = receipts.key_id(KEY)
    with pytest.raises(receipts.HeadNotTrusted, match="does not fit"):
        receipts.verify_receipt(receipt, KEY)


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": 1}', "canonical"),
        (b'{"b":1,"a":2}', "canonical"),
        (b'{"a":1,"a":2}', "canonical"),
        (b'{"a":"\\u5e97"}', "canonical"),
        (b'{"a":1.5}', "floating-point"),
        (b'{"a":1e3}', "floating-point"),
        (b'{"a":NaN}', "floating-point"),
    ],
)
def test_a_record_in_another_form_is_refused(record, complaint):
    with pytest.raises(receipts.MalformedReceipt, match=complaint):
        receipts.read_record(record)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"recordd":""}', b"\xff\xfe"])
def test_what_is_no_receipt_is_refused(text):
    with pytest.raises(receipts.MalformedReceipt):
        receipts.read_receipt(text)


def test_an_empty_receipt_is_refused():
    with pytest.raises(receipts.ReceiptError):
        receipts.verify_receipt(Receipt(), KEY)


def test_the_public_key_is_read_from_pem_and_from_raw_bytes_and_no_other_kind_passes():
    pem = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert receipts.read_public_key(pem) == receipts.read_public_key(KEY.public_bytes_raw()) == KEY
    other = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="Ed25519"):
        receipts.read_public_key(other)


def money(fen: int) -> Money:
    return Money(currency_code="CNY", units=fen // 100, nanos=fen % 100 * 10_000_000)


def decided() -> Decision:
    """An approved decision with its receipt, its record in the form that the gateway writes."""
    record = {
        "schema": "sycee.decision.record.v1", "decision_id": "dec-1", "merchant_id": "m1", "product_id": "shopkeeper",
        "requested_fen": 10_000_050, "term_months": 12, "outcome": "APPROVED", "reasons": ["AMOUNT_REDUCED"],
        "as_of_us": 1_772_438_400_000_001, "decided_at_us": 1_772_438_400_000_002, "hypothetical": 0, "simulated": 1,
        "offer": {
            "lender_id": "bank", "amount_fen": 5_000_000, "term_months": 12, "repayment_method": "EQUAL_INSTALMENT",
            "nominal_rate_bp": 1_100, "effective_rate_bp": 1_157, "first_payment_fen": 442_000,
            "total_cost_fen": 304_000, "expires_at_us": 1_772_524_800_000_000,
        },
    }  # fmt: skip
    decision = Decision(
        decision_id="dec-1",
        merchant_id="m1",
        product_id="shopkeeper",
        requested_amount=money(10_000_050),
        term_months=12,
        outcome=DecisionOutcome.DECISION_OUTCOME_APPROVED,
        reasons=[Reason(code="AMOUNT_REDUCED")],
        simulated=True,
        offer=LoanOffer(
            lender_id="bank",
            amount=money(5_000_000),
            term_months=12,
            repayment_method=RepaymentMethod.REPAYMENT_METHOD_EQUAL_INSTALMENT,
            nominal_rate_bp=1_100,
            effective_rate_bp=1_157,
            first_payment=money(442_000),
            total_cost=money(304_000),
        ),
        receipt=receipt_for(receipts.canonical_json(record)),
    )
    decision.as_of.FromMicroseconds(1_772_438_400_000_001)
    decision.decided_at.FromMicroseconds(1_772_438_400_000_002)
    decision.offer.expires_at.FromMicroseconds(1_772_524_800_000_000)
    return decision


def test_a_decision_that_says_what_its_record_says_holds():
    assert verify_decision(decided(), KEY)["outcome"] == "APPROVED"


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        (lambda decision: setattr(decision, "merchant_id", "m2"), "merchant_id"),
        (lambda decision: setattr(decision, "outcome", 2), "outcome"),
        (lambda decision: setattr(decision, "outcome", 99), "outcome"),
        (lambda decision: setattr(decision.requested_amount, "nanos", 0), "requested_fen"),
        (lambda decision: setattr(decision.offer.amount, "units", 500_000), "offer.amount_fen"),
        (lambda decision: setattr(decision.offer, "effective_rate_bp", 900), "offer.effective_rate_bp"),
        (lambda decision: setattr(decision.offer, "repayment_method", 3), "offer.repayment_method"),
        (lambda decision: setattr(decision.offer.expires_at, "nanos", 1_000), "offer.expires_at_us"),
        (lambda decision: decision.reasons.add(code="MORE"), "reasons"),
        (lambda decision: decision.ClearField("offer"), "only one"),
        (lambda decision: setattr(decision, "simulated", False), "simulated"),
    ],
)
def test_a_decision_that_says_another_thing_than_its_record_is_found(lie, field):
    decision = decided()
    lie(decision)
    with pytest.raises(receipts.RecordMismatch, match=field):
        verify_decision(decision, KEY)


def test_a_decision_without_a_receipt_proves_nothing():
    decision = decided()
    decision.ClearField("receipt")
    with pytest.raises(receipts.MalformedReceipt, match="no receipt yet"):
        verify_decision(decision, KEY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=8,
)


@given(value=JSON)
def test_any_json_is_a_receipt_or_is_refused_as_one(value):
    try:
        receipt = receipts.read_receipt(json.dumps(value))
        receipts.verify_receipt(receipt, KEY)
    except receipts.ReceiptError:
        return
    pytest.fail("something made up was taken for a receipt")
