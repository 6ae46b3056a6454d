"""Links between merchants: contract ↔ domain."""

from __future__ import annotations

from math import isfinite

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import page_token_decode, page_token_encode, time_to_proto

from sycee_ingestion.convert.times import moment_to_proto
from sycee_ingestion.domain.shop_link import LinkState, ShopLink


def link_to_proto(link: ShopLink) -> ingestion_pb2.ShopLink:
    """A link."""
    return ingestion_pb2.ShopLink(
        link_id=link.link_id,
        first_merchant_id=link.first_merchant_id,
        second_merchant_id=link.second_merchant_id,
        score=link.score,
        reasons=[
            ingestion_pb2.LinkReason(
                code=reason.code, weight=reason.weight, text_zh=reason.text_zh, text_en=reason.text_en
            )
            for reason in link.reasons
        ],
        state=link.state.value,  # type: ignore[arg-type] # the numbers are the contract's
        decided_by=link.decided_by,
        note=link.note,
        found_at=time_to_proto(link.found_at),
        decided_at=moment_to_proto(link.decided_at),
    )


def state_from_proto(state: int) -> LinkState | None:
    """A state, or None where none is said."""
    return LinkState(state) if state else None


def after_from_token(token: str) -> tuple[float, str] | None:
    """Where a page goes on. Raises InvalidArgument for what is no token of this list."""
    if not token:
        return None
    score, link_id = page_token_decode("page_token", token, 2)
    try:
        after = float(score)
    except ValueError:
        after = float("nan")
    if not isfinite(after):
        raise InvalidArgument("page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")
    return after, link_id


def token_from_after(after: tuple[float, str] | None) -> str:
    """The token of a page that goes on after a link; empty on the last page."""
    return "" if after is None else page_token_encode(repr(after[0]), after[1])
