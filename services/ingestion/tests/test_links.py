"""Links between merchants on a real server: found, listed, decided."""

from __future__ import annotations

from itertools import pairwise

import asyncpg
import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from ingestion_books import keep_events, outbox_of
from ingestion_calls import Stub, registration
from sycee.ingestion.v1 import ingestion_pb2
from sycee_ingestion.domain.linking import PROPOSE_FROM
from sycee_ingestion.evaluations.linking import Index, scores
from sycee_ingestion.evaluations.linking_population import Registered, population
from sycee_ingestion.settings import Settings

PROPOSED, CONFIRMED, REJECTED = 1, 2, 3
PHONE = "13800000000"


async def add(stub: Stub, merchant_id: str, **said: str) -> None:
    """Registers an individual with a name, a resident id and a phone of its own unless they are said."""
    serial = sum(map(ord, merchant_id)) * 7_919 % 10**8
    request = registration(merchant_id)
    request.borrower_kind, request.uscc = 1, ""
    request.name = said.get("name", f"n{merchant_id}")
    request.operator.resident_id = said.get("resident_id", f"330106{serial:011}X"[:18])
    request.operator.phone = said.get("phone", f"139{serial:08}")
    request.address = said.get("address", "")
    for account in (said["account"],) if "account" in said else ():
        request.settlement_accounts.add(platform="taobao", account_number=account)
    await stub.RegisterMerchant(request)


async def link(stub: Stub, *merchant_ids: str, request_id: str = "") -> list[ingestion_pb2.ShopLink]:
    """Looks for links from merchants."""
    name = request_id or f"linking-{'-'.join(merchant_ids)}"
    answer = await stub.LinkShops(ingestion_pb2.LinkShopsRequest(request_id=name, merchant_ids=merchant_ids))
    return list(answer.links)


async def resolve(stub: Stub, link_id: str, state: int, *, revise: bool = False) -> ingestion_pb2.ShopLink:
    """Decides a link."""
    request = ingestion_pb2.ResolveShopLinkRequest(
        request_id=f"resolve-{link_id[:8]}-{state}-{revise}", link_id=link_id, state=state, note="seen", revise=revise
    )
    return (await stub.ResolveShopLink(request)).link


async def linked(stub: Stub, merchant_id: str) -> list[str]:
    """The group of a merchant."""
    answer = await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id=merchant_id))
    return list(answer.merchant.linked_merchant_ids)


async def test_shops_of_one_operator_are_proposed_with_reasons(stub: Stub) -> None:
    await add(stub, "b", resident_id="330106199001011234", name="小明堂服饰", phone=PHONE)
    await add(stub, "a", resident_id="330106199001011234", name="小明堂皮具", phone=PHONE)
    await add(stub, "c", name="青禾茶业")
    found = await link(stub, "b", "c")
    assert [(one.first_merchant_id, one.second_merchant_id, one.state) for one in found] == [("a", "b", PROPOSED)]
    assert found[0].score > 0.99
    codes = [reason.code for reason in found[0].reasons]
    assert codes[:2] == ["SAME_RESIDENT_ID", "SAME_PHONE"]
    assert all(reason.text_zh and reason.text_en for reason in found[0].reasons)
    weights = [reason.weight for reason in found[0].reasons if reason.weight > 0]
    assert all(one >= other for one, other in pairwise(weights))
    again = await link(stub, "a", request_id="another-look")
    assert [one.link_id for one in again] == [found[0].link_id]
    assert await linked(stub, "a") == []


async def test_people_decide_and_groups_reach_over_steps(stub: Stub, settings: Settings) -> None:
    await keep_events(settings)
    await add(stub, "a", phone="13700000001", account="6222000000000001")
    await add(stub, "b", phone="13700000001", resident_id="330106199001015555")
    await add(stub, "c", resident_id="330106199001015555", name="小明堂")
    await add(stub, "d", account="6222000000000001")
    await link(stub, "a", "b", "c", "d")
    listed = (await stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest())).links
    pairs = {(one.first_merchant_id, one.second_merchant_id): one for one in listed}
    assert ("b", "c") in pairs
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:  # a pair that the scores leave out, as a person may know better: only decisions are tried here
        await connection.execute(
            """
            insert into shop_links (link_id, first_no, second_no, score, reasons, state, decided_by, note, found_at)
            select 'link-a-b', a.merchant_no, b.merchant_no, 0.5, '[]', 1, '', '', now()
            from merchants a, merchants b where a.merchant_id = 'a' and b.merchant_id = 'b'
            on conflict (first_no, second_no) do update set link_id = 'link-a-b'
            """
        )
    finally:
        await connection.close()
    first = await resolve(stub, pairs["b", "c"].link_id, CONFIRMED)
    assert (first.state, first.decided_by, first.note) == (CONFIRMED, "operator", "seen")
    assert first.HasField("decided_at")
    await resolve(stub, "link-a-b", CONFIRMED)
    assert await linked(stub, "a") == ["b", "c"]
    assert await linked(stub, "c") == ["a", "b"]
    assert await linked(stub, "d") == []
    page = (await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest())).merchants
    assert [list(one.linked_merchant_ids) for one in page] == [["b", "c"], ["a", "c"], ["a", "b"], []]

    with pytest.raises(grpc.aio.AioRpcError) as error:
        await resolve(stub, "link-a-b", REJECTED)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await link(stub, "a", "b", request_id="another-look")  # finds nothing that undoes a decision
    assert await linked(stub, "a") == ["b", "c"]
    assert (await resolve(stub, "link-a-b", REJECTED, revise=True)).state == REJECTED
    assert await linked(stub, "a") == []

    confirmed = await outbox_of(settings, "sycee.ingestion.shops_linked.v1")
    assert [event["group"] for event in confirmed] == [["b", "c"], ["a", "b", "c"]]
    undone = await outbox_of(settings, "sycee.ingestion.shops_unlinked.v1")
    assert undone == [{"link_id": "link-a-b", "first_merchant_id": "a", "second_merchant_id": "b"}]


async def test_a_proposal_that_holds_no_more_goes_and_a_changed_merchant_is_found_anew(stub: Stub) -> None:
    await add(stub, "a", phone=PHONE)
    await add(stub, "b", phone="13700000001")
    assert await link(stub, "a") == []
    update = ingestion_pb2.UpdateMerchantRequest(
        request_id="update-b-once", merchant_id="b", update_mask=FieldMask(paths=["operator"])
    )
    update.operator.name, update.operator.resident_id, update.operator.phone = "测试甲", "33010619900101999X", PHONE
    await stub.UpdateMerchant(update)
    await add(stub, "c", resident_id="33010619900101999X")
    assert len(await link(stub, "b", request_id="second-look")) == 1
    update.request_id, update.operator.resident_id = "update-b-again", "330106199001018888"
    await stub.UpdateMerchant(update)
    assert await link(stub, "b", request_id="third-look") == []


async def test_links_are_paged_by_score(stub: Stub) -> None:
    for name in "abcd":
        await add(stub, name, resident_id="330106199001011234", phone="" if name in "ab" else PHONE)
    await link(stub, *"abcd")
    seen: list[ingestion_pb2.ShopLink] = []
    token = ""
    while True:
        request = ingestion_pb2.ListShopLinksRequest(page_size=2, page_token=token, state=PROPOSED)
        page = await stub.ListShopLinks(request)
        seen += page.links
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len({one.link_id for one in seen}) == 6
    assert all(one.score >= other.score for one, other in pairwise(seen))
    of_one = (await stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest(merchant_id="a"))).links
    assert len(of_one) == 3
    assert not (await stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest(state=CONFIRMED))).links


async def test_what_is_wrong_is_refused(stub: Stub) -> None:
    await add(stub, "a")
    calls = {
        "nobody": (link(stub, "a", "nobody"), grpc.StatusCode.NOT_FOUND),
        "no link": (resolve(stub, "no-such-link", CONFIRMED), grpc.StatusCode.NOT_FOUND),
        "no decision": (resolve(stub, "no-such-link", PROPOSED), grpc.StatusCode.INVALID_ARGUMENT),
        "none named": (link(stub, request_id="names-nobody"), grpc.StatusCode.INVALID_ARGUMENT),
        "list of nobody": (
            stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest(merchant_id="nobody")),
            grpc.StatusCode.NOT_FOUND,
        ),
        "bad token": (
            stub.ListShopLinks(ingestion_pb2.ListShopLinksRequest(page_token="nonsense")),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    }
    for name, (call, code) in calls.items():
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert error.value.code() is code, name


async def test_the_database_finds_what_the_evaluation_finds(stub: Stub) -> None:
    merchants = population(150, seed=5)
    for one in merchants:
        await stub.RegisterMerchant(_registration_of(one))
    index = Index(one.party() for one in map(_as_registered, merchants))
    expected = {pair for pair, score in scores(index).items() if score >= PROPOSE_FROM}
    assert len(expected) > 5
    found = set()
    for first in range(0, len(merchants), 100):
        names = [one.merchant_id for one in merchants[first : first + 100]]
        found |= {
            (one.first_merchant_id, one.second_merchant_id)
            for one in await link(stub, *names, request_id=f"look-from-{first}")
        }
    assert found == expected


def _registration_of(one: Registered) -> ingestion_pb2.RegisterMerchantRequest:
    request = registration(one.merchant_id)
    request.name, request.uscc, request.address = one.name, one.uscc, one.address
    request.operator.resident_id, request.operator.phone = _resident_id(one), _phone(one)
    if one.account:
        request.settlement_accounts.add(platform="taobao", account_number=one.account)
    return request


def _as_registered(one: Registered) -> Registered:
    return Registered(
        one.merchant_id, one.operator, one.name, one.uscc, _resident_id(one), _phone(one), one.account, one.address
    )


def _resident_id(one: Registered) -> str:
    return one.resident_id or f"{int(one.merchant_id[2:]):018}"


def _phone(one: Registered) -> str:
    return f"13{one.phone[2:]}" if one.phone else ""
