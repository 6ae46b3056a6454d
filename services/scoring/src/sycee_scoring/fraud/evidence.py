"""What an application says by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sycee_scoring.fraud.surroundings import Attribute


@dataclass(frozen=True, slots=True)
class DocumentSign:
    """A sign in a document, as strong as 0 to 1."""

    document_id: str
    code: str
    strength: float


@dataclass(frozen=True, slots=True)
class Trade:
    """Sales net of refunds in fen by week, oldest first, before brushed orders are taken off."""

    months_of_history: int
    weekly_net_fen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """An application with what its portrait holds; None means not known, which is never bad.

    `attributes` are sorted and distinct. `fake_share` is the largest share of orders or of their amount that is judged
    fake, 0 to 1. `settlement_ratio` is platform sales over what payouts say was sold.
    """

    merchant_id: str
    as_of: datetime
    application_id: str
    attributes: tuple[Attribute, ...] = ()
    opened_on: date | None = None
    trade: Trade | None = None
    fake_share: float | None = None
    settlement_ratio: float | None = None
    signs: tuple[DocumentSign, ...] = ()
