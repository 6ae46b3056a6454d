"""Links between merchants on the wire."""

from __future__ import annotations

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow, current_caller

from sycee_ingestion.convert import links as convert
from sycee_ingestion.domain.shop_link import LinkState
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, READ, WRITE, Context
from sycee_ingestion.service.links import LinkService

ACCESS = {
    "LinkShops": Allow(scope=WRITE, peers=OPERATOR_ONLY),
    "ListShopLinks": Allow(scope=READ, peers=OPERATOR_ONLY),
    "ResolveShopLink": Allow(scope=WRITE, peers=OPERATOR_ONLY),
}


class LinkHandlers:
    """LinkShops, ListShopLinks, ResolveShopLink."""

    def __init__(self, service: LinkService) -> None:
        self._service = service

    async def LinkShops(
        self, request: ingestion_pb2.LinkShopsRequest, _context: Context
    ) -> ingestion_pb2.LinkShopsResponse:
        """Looks for links."""
        found = await self._service.link_shops(list(request.merchant_ids))
        return ingestion_pb2.LinkShopsResponse(links=[convert.link_to_proto(link) for link in found])

    async def ListShopLinks(
        self, request: ingestion_pb2.ListShopLinksRequest, _context: Context
    ) -> ingestion_pb2.ListShopLinksResponse:
        """Lists links."""
        after = convert.after_from_token(request.page_token)
        state = convert.state_from_proto(request.state)
        page, next_after = await self._service.list_links(request.merchant_id, state, after, request.page_size)
        return ingestion_pb2.ListShopLinksResponse(
            links=[convert.link_to_proto(link) for link in page], next_page_token=convert.token_from_after(next_after)
        )

    async def ResolveShopLink(
        self, request: ingestion_pb2.ResolveShopLinkRequest, _context: Context
    ) -> ingestion_pb2.ResolveShopLinkResponse:
        """Decides a link."""
        decided = await self._service.resolve_link(
            request.link_id, LinkState(request.state), current_caller().key, request.note, revise=request.revise
        )
        return ingestion_pb2.ResolveShopLinkResponse(link=convert.link_to_proto(decided))
