"""Links between merchants of one operator: found by comparison, decided by a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from sycee_service.errors import FailedPrecondition

from sycee_ingestion.domain.linking import Reason


class LinkState(IntEnum):
    """What is held of a link; the numbers are those of the contract."""

    PROPOSED = 1
    CONFIRMED = 2
    REJECTED = 3


@dataclass(frozen=True, slots=True)
class ShopLink:
    """Two merchants, in the order of their ids, that one operator may run; `score` 0 to 1."""

    link_id: str
    first_merchant_id: str
    second_merchant_id: str
    score: float
    reasons: tuple[Reason, ...]
    state: LinkState
    decided_by: str
    note: str
    found_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of a link."""

    state: LinkState
    by: str
    note: str
    at: datetime
    revise: bool


def decided(link: ShopLink, decision: Decision) -> ShopLink:
    """The link after a decision. The same decision again changes nothing.

    Raises FailedPrecondition (LINK_DECIDED) when it was decided otherwise and the decision is not meant to revise that.
    """
    if link.state is decision.state:
        return link
    if link.state is not LinkState.PROPOSED and not decision.revise:
        raise FailedPrecondition("LINK_DECIDED", "the link was decided otherwise before", link_id=link.link_id)
    return replace(link, state=decision.state, decided_by=decision.by, note=decision.note, decided_at=decision.at)
