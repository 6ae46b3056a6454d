"""A decision from the moment its evidence is complete until it is sealed, as one value that moves through states."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum

from sycee_gateway.domain.evidence import Debts, Offer, Reason


class Outcome(IntEnum):
    """How a decision came out."""

    APPROVED = 1
    DECLINED = 2
    REFERRED = 3


class State(IntEnum):
    """How far a decision is. It only ever moves forward."""

    EVALUATED = 1
    """The evidence is stored; the ledger has not been asked, or its answer is not stored. Not yet a decision."""
    DECIDED = 2
    """The outcome is stored and stands; its receipt, or the release of its hold, is still owed."""
    SEALED = 3
    """The receipt is stored and nothing is owed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. Zero months and method 0 mean that none was named; `as_of` None means now.
    `attributes`: kinds and digests of what applied."""

    caller: str
    request_id: str
    payload_sha256: bytes
    merchant_id: str
    product_id: str
    requested_fen: int
    term_months: int
    repayment_method: int
    as_of: datetime | None
    attributes: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Application:
    """What is decided on. Amounts in fen; `payload_sha256` tells a repeated request from another one."""

    decision_id: str
    caller: str
    request_id: str
    payload_sha256: bytes
    merchant_id: str
    product_id: str
    requested_fen: int
    term_months: int
    repayment_method: int
    hypothetical: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer says and the record proves of the evidence, beside its bytes. Digests are SHA-256 in hex."""

    digests: Mapping[str, str]
    versions: Mapping[str, str]
    score: int
    grade: str
    default_probability_ppm: int
    coverage_ppm: int


@dataclass(frozen=True, slots=True)
class Step:
    """How long a step took, in microseconds."""

    name: str
    elapsed_us: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evidence, complete, and the moment it was: all that comes later follows from this and the request."""

    as_of: datetime
    decided_at: datetime
    policy_version: str
    borrower_kind: int
    purpose: int
    simulated: bool
    facts: Facts
    profile: bytes = field(repr=False)
    score: bytes | None = field(repr=False)
    assessment: bytes | None = field(repr=False)
    party: bytes | None = field(repr=False)
    fraud: bytes | None = field(repr=False)
    recourse: bytes | None = field(repr=False)
    quote_request: bytes | None = field(repr=False)
    steps: tuple[Step, ...] = ()
    debts: Debts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its reasons, at most four, most important first."""

    outcome: Outcome
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How it came out and what that stands on.

    `record` is the leaf of the log. `release_due` says that there is a hold which nobody may take, to be let go.
    """

    verdict: Verdict
    offer: Offer | None
    steps: tuple[Step, ...]
    record: bytes = field(repr=False)
    quote: bytes | None = field(default=None, repr=False)
    rules: bytes | None = field(default=None, repr=False)
    release_due: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof of the record: its leaf, the path to the root, the signed head (bytes of the contract's TreeHead)."""

    leaf_index: int
    inclusion_path: tuple[bytes, ...]
    tree_head: bytes


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The offer was taken by the request that `key` names; the rest is unset until the ledger captured the hold."""

    key: bytes
    accepted_at: datetime | None = None
    facility_id: str = ""
    facility: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision with all that is known of it."""

    application: Application
    evaluation: Evaluation
    state: State
    conclusion: Conclusion | None = None
    receipt: Receipt | None = None
    acceptance: Acceptance | None = None

    @property
    def decision_id(self) -> str:
        """Names the decision."""
        return self.application.decision_id

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the flow, in order."""
        later = self.conclusion.steps if self.conclusion is not None else ()
        return (*self.evaluation.steps, *later)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is owed any more: neither a receipt nor the end of an acceptance."""
        claimed = self.acceptance is not None and self.acceptance.accepted_at is None
        return self.state is State.SEALED and not claimed

    def concluded(self, conclusion: Conclusion) -> Decision:
        """The decision with its outcome."""
        return replace(self, state=State.DECIDED, conclusion=conclusion)

    def sealed(self, receipt: Receipt) -> Decision:
        """The decision with its proof, nothing owed any more."""
        return replace(self, state=State.SEALED, receipt=receipt)


def name_decision(caller: str, request_id: str) -> str:
    """The decision's id, the same for every attempt of one request: "dec_" and 128 bits of SHA-256 in base32."""
    digest = hashlib.sha256(f"{caller}\0{request_id}".encode()).digest()[:16]
    return "dec_" + base64.b32encode(digest).decode().rstrip("=").lower()
