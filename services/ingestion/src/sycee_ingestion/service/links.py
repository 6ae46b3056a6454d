"""Shops of one operator: found by comparison, decided by people."""

from __future__ import annotations

from collections.abc import Sequence

from sycee_service.clock import Clock

from sycee_ingestion.domain.linking import PROPOSE_FROM, Judgement, Party, judge
from sycee_ingestion.domain.shop_link import Decision, LinkState, ShopLink
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.store.links import LinkStore, Pair


class LinkService:
    """Looks for links, lists and decides them."""

    def __init__(self, links: LinkStore, clock: Clock) -> None:
        self._links = links
        self._clock = clock

    async def link_shops(self, merchant_ids: Sequence[str]) -> list[ShopLink]:
        """Compares each merchant with those that share a rare key with it, stores what is likely, and shows all links
        of these merchants, highest score first, at most 500. Raises NotFound, FailedPrecondition (MERCHANT_ERASED).
        """
        named = await self._links.named(merchant_ids)
        population = await self._links.population()
        met = dict(named)
        found: dict[Pair, Judgement] = {}
        for merchant_no, party in named.items():
            holders = await self._links.holders(merchant_no, party)
            candidates = await self._links.candidates(merchant_no, holders, population)
            met |= await self._links.numbered([number for number in candidates if number not in met])
            for other_no in candidates:
                other = met.get(other_no)
                if other is None:  # erased meanwhile
                    continue
                judgement = judge(party, other, holders, population)
                if judgement.score >= PROPOSE_FROM:
                    found[_pair(merchant_no, party, other_no, other)] = judgement
        return await self._links.propose(list(named), found, self._clock.now())

    async def list_links(
        self, merchant_id: str, state: LinkState | None, after: tuple[float, str] | None, size: int
    ) -> tuple[list[ShopLink], tuple[float, str] | None]:
        """A page of links, highest score first, and where to go on; None on the last page. Raises NotFound."""
        size = size or DEFAULT_PAGE_SIZE
        page = await self._links.page(merchant_id, state, after, size + 1)
        last = page[size - 1] if len(page) > size else None
        return page[:size], None if last is None else (last.score, last.link_id)

    async def resolve_link(self, link_id: str, state: LinkState, by: str, note: str, *, revise: bool) -> ShopLink:
        """Decides a link. Raises NotFound, FailedPrecondition (LINK_DECIDED)."""
        return await self._links.decide(link_id, Decision(state, by, note, self._clock.now(), revise))


def _pair(one_no: int, one: Party, other_no: int, other: Party) -> Pair:
    return (one_no, other_no) if one.merchant_id < other.merchant_id else (other_no, one_no)
