"""UploadDocument, GetDocument, ListDocuments on a real server that reads in its real process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from random import Random

import asyncpg
import cv2
import grpc
import numpy as np
import pytest
from document_calls import (
    AGREES,
    CARD_FRONT,
    DIFFERS,
    FAILED,
    LICENCE,
    READ,
    RECEIVED,
    SHOP,
    document_of,
    parts,
    read_document,
    results,
    upload,
    values,
)
from ingestion_calls import NOW, Stub, edge, profile_of, register
from licence_drawings import (
    Card,
    Licence,
    card_front,
    invented_card,
    invented_licence,
    jpeg,
    landscape_licence,
    png,
    scanned,
    shop_front,
    valid_code,
)
from sycee.ingestion.v1 import document_pb2, ingestion_pb2
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock

SEED = 7


@pytest.fixture(scope="module")
def licence() -> Licence:
    return invented_licence(Random(SEED), sole_trader=True)


@pytest.fixture(scope="module")
def card() -> Card:
    return invented_card(Random(SEED))


@pytest.fixture(scope="module")
def licence_jpeg(licence: Licence) -> bytes:
    whole = scanned(landscape_licence(licence).picture, SEED)
    return jpeg(np.asarray(cv2.resize(whole, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)), 90)


@pytest.fixture
async def merchant(stub: Stub, licence: Licence, card: Card) -> None:
    """The merchant whose licence and card are drawn."""
    operator = ingestion_pb2.Operator(name=licence.operator, resident_id=card.number, phone="13800000000")
    await register(stub, name=licence.name, uscc=licence.code)
    request = ingestion_pb2.UpdateMerchantRequest(request_id="set-operator-1", merchant_id="m-1", operator=operator)
    request.update_mask.paths.append("operator")
    await stub.UpdateMerchant(request)


async def empty() -> AsyncIterator[document_pb2.UploadDocumentRequest]:
    return
    yield


async def refused(call: grpc.aio.Call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


async def test_a_licence_is_read_compared_and_shown_masked(
    stub: Stub, merchant: None, licence: Licence, licence_jpeg: bytes
) -> None:
    taken = await upload(stub, licence_jpeg)
    assert (taken.state, taken.size_bytes, taken.kind) == (RECEIVED, len(licence_jpeg), LICENCE)
    assert taken.sha256 == sha256(licence_jpeg).digest()
    assert taken.received_at.ToDatetime() == NOW.replace(tzinfo=None)

    read = await read_document(stub, taken.document_id)
    assert (read.state, read.error, read.reader_version) == (READ, "", "1")
    shown = values(read)
    assert (shown["uscc"], shown["name"]) == (licence.code, licence.name)
    assert shown["established_on"] == licence.established_on.isoformat()
    assert shown["operator"] == licence.operator[0] + "**"
    assert {"USCC": AGREES, "NAME": AGREES, "OPERATOR": AGREES}.items() <= results(read).items()
    boxed = next(field for field in read.fields if field.name == "uscc")
    assert boxed.valid
    assert len(boxed.box) == 4
    assert all(0 <= side <= 1 for side in boxed.box)
    assert 0.9 < boxed.confidence <= 1

    whole = await document_of(stub, taken.document_id, identity=True)
    assert values(whole)["operator"] == licence.operator
    log = await stub.ListAccesses(ingestion_pb2.ListAccessesRequest(merchant_id="m-1"))
    assert [access.method for access in log.accesses] == ["GetDocument"]

    await register(stub, "m-2", uscc=valid_code(Random(SEED)))
    stranger = await upload(stub, licence_jpeg, merchant_id="m-2", request_id="document-2")
    read = await read_document(stub, stranger.document_id)
    assert {"USCC": DIFFERS, "NAME": DIFFERS, "OPERATOR": DIFFERS}.items() <= results(read).items()
    told = " ".join(check.text_zh + check.text_en for check in read.checks)
    assert licence.operator not in told
    assert licence.code not in told
    signs = (await profile_of(stub, "m-2")).document_signs
    assert {"USCC_DIFFERS", "NAME_DIFFERS", "OPERATOR_DIFFERS"} <= {sign.code for sign in signs}
    assert {sign.document_id for sign in signs} == {stranger.document_id}
    assert [sign.strength for sign in signs] == sorted((sign.strength for sign in signs), reverse=True)


async def test_an_id_card_shows_nobody(
    stub: Stub, merchant: None, card: Card, settings: Settings, postgres_url: str
) -> None:
    taken = await upload(stub, png(card_front(card).picture), kind=CARD_FRONT)
    read = await read_document(stub, taken.document_id)
    assert results(read)["RESIDENT_ID"] == AGREES
    shown = values(read)
    assert shown["resident_id"] == "*" * 16 + card.number[-2:]
    assert not {card.name, card.address, card.birth_date.isoformat()} & set(shown.values())
    assert values(await document_of(stub, taken.document_id, identity=True))["resident_id"] == card.number
    connection = await asyncpg.connect(postgres_url)
    try:
        row = await connection.fetchrow("select * from documents")
    finally:
        await connection.close()
    kept = b" ".join(value for value in row.values() if isinstance(value, bytes))
    assert card.number.encode() not in kept
    assert b"resident_id" not in kept
    assert b"\x89PNG\r\n\x1a\n" not in kept  # the whole signature: three letters are in a megabyte by chance


async def test_the_edge_never_sees_who_it_is(stub: Stub) -> None:
    request = document_pb2.GetDocumentRequest(document_id="any", include_identity=True)
    error = await refused(stub.GetDocument(request, metadata=edge("ingestion.read")))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_the_same_upload_again_is_the_same_document(stub: Stub, licence_jpeg: bytes) -> None:
    await register(stub)
    first = await upload(stub, licence_jpeg)
    again = await upload(stub, licence_jpeg)
    assert again.document_id == first.document_id
    other = await refused(stub.UploadDocument(parts(licence_jpeg, kind=SHOP)))
    assert other.code() is grpc.StatusCode.ALREADY_EXISTS
    assert "document" in (other.details() or "")
    listed = await stub.ListDocuments(document_pb2.ListDocumentsRequest(merchant_id="m-1"))
    assert [document.document_id for document in listed.documents] == [first.document_id]


async def test_documents_are_listed_newest_first_by_pages(stub: Stub, clock: ManualClock) -> None:
    await register(stub)
    await register(stub, "m-2")
    picture = png(shop_front("演示"))
    names = [(await upload(stub, picture, kind=SHOP, request_id=f"document-{n}")).document_id for n in range(5)]
    await upload(stub, picture, kind=SHOP, merchant_id="m-2", request_id="document-m2")
    seen: list[str] = []
    token = ""
    while True:
        page = await stub.ListDocuments(
            document_pb2.ListDocumentsRequest(merchant_id="m-1", page_size=2, page_token=token)
        )
        assert len(page.documents) <= 2
        seen += [document.document_id for document in page.documents]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == sorted(names)
    bad = await refused(
        stub.ListDocuments(document_pb2.ListDocumentsRequest(merchant_id="m-1", page_token="bm9uc2Vuc2U"))
    )
    assert bad.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_cannot_be_read_fails_and_says_why(stub: Stub) -> None:
    await register(stub)
    blank = jpeg(landscape_licence(invented_licence(Random(1))).picture * 0 + 255, 90)
    failed = await read_document(stub, (await upload(stub, blank)).document_id)
    assert failed.state == FAILED
    assert failed.error.startswith("NOTHING_READ")
    assert not failed.fields


async def test_bad_uploads_are_refused(stub: Stub, licence_jpeg: bytes) -> None:
    await register(stub)
    unknown = await refused(stub.UploadDocument(parts(licence_jpeg, merchant_id="nobody")))
    assert unknown.code() is grpc.StatusCode.NOT_FOUND
    too_long = await refused(stub.UploadDocument(parts(licence_jpeg + bytes(10_000_000))))
    assert (too_long.code(), "10000000 bytes" in (too_long.details() or "")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        True,
    )
    headless = await refused(stub.UploadDocument(empty()))
    assert headless.code() is grpc.StatusCode.INVALID_ARGUMENT
    script = await refused(stub.UploadDocument(parts(b"%PDF-1.4 1 0 obj << /OpenAction 2 0 R >> endobj")))
    assert (script.code(), "scripts" in (script.details() or "")) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    none = await refused(stub.GetDocument(document_pb2.GetDocumentRequest(document_id="nothing")))
    assert none.code() is grpc.StatusCode.NOT_FOUND


async def test_erasing_takes_photographs_and_holds_licences(stub: Stub, licence_jpeg: bytes) -> None:
    await register(stub)
    """At whatever point of reading them that comes."""
    shop = await upload(stub, png(shop_front("演示")), kind=SHOP)
    held = await upload(stub, licence_jpeg, request_id="document-2")
    answer = await stub.EraseMerchantData(
        ingestion_pb2.EraseMerchantDataRequest(request_id="erase-m-1-1", merchant_id="m-1", reason="asked for")
    )
    assert "documents.shop_photo" in answer.erased
    assert "identity_documents" in [hold.what for hold in answer.holds]
    gone = await refused(stub.GetDocument(document_pb2.GetDocumentRequest(document_id=shop.document_id)))
    assert gone.code() is grpc.StatusCode.NOT_FOUND
    locked = await document_of(stub, held.document_id, identity=True)
    assert (locked.sha256, list(locked.fields)) == (held.sha256, [])
    refused_now = await refused(stub.UploadDocument(parts(licence_jpeg, request_id="document-3")))
    assert refused_now.code() is grpc.StatusCode.FAILED_PRECONDITION
