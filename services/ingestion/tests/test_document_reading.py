"""The real reader on drawn pages, in this process and in one of its own that is killed, stopped and idle."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from licence_drawings import (
    Picture,
    card_front,
    invented_card,
    invented_licence,
    jpeg,
    landscape_licence,
    png,
    portrait_licence,
    scanned,
    shop_front,
)
from shared_files import shared_file
from sycee_ingestion.documents.model import DocumentKind, Reading
from sycee_ingestion.documents.ocr import TextReader
from sycee_ingestion.documents.pictures import UndecodableError
from sycee_ingestion.documents.process import DocumentReader, ReaderCrashedError, ReaderHungError, UnreadableError
from sycee_ingestion.documents.reading import NothingReadError, read
from sycee_ingestion.documents.records import reading_from_json, reading_to_json
from sycee_service.testing import until

LICENCE = DocumentKind.BUSINESS_LICENCE


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.fixture
async def process() -> AsyncIterator[DocumentReader]:
    process = DocumentReader(timeout_s=120)
    yield process
    await process.close()


def smaller(picture: Picture, share: float = 0.7) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def values(reading: Reading) -> dict[str, str]:
    return {field.name: field.value for field in reading.fields}


def test_a_licence_on_a_scanner_a_little_askew(reader: TextReader) -> None:
    licence = invented_licence(Random(31))
    sheet = landscape_licence(licence)
    reading = read(jpeg(scanned(sheet.picture, 31, degrees=0.7), 85), LICENCE, reader)
    found = values(reading)
    assert (found["uscc"], found["name"], found["operator"]) == (licence.code, licence.name, licence.operator)
    assert (found["address"], found["scope"]) == (licence.address, licence.scope)
    assert found["authority"] == licence.authority  # out of the ring of its seal
    assert licence.code in found["qr"]
    assert not {"ERROR_LEVEL", "COPY_MOVE", "GLYPH_OUTLIER", "QR_MISMATCH"} & {each.code for each in reading.signals}
    place = reading.field("uscc")
    assert place is not None
    assert place.box is not None
    middle = (place.box.left + place.box.right) / 2 * 1600, place.box.middle * 1100
    left, top, right, bottom = sheet.places["uscc"]
    assert left < middle[0] < right
    assert top - 12 < middle[1] < bottom + 12
    assert reading_from_json(reading_to_json(reading)).fields == reading.fields


def test_a_page_that_lies_on_its_side(reader: TextReader) -> None:
    card = invented_card(Random(32))
    turned = np.ascontiguousarray(np.rot90(smaller(card_front(card).picture)))
    found = values(read(png(turned), DocumentKind.RESIDENT_ID_FRONT, reader))
    assert (found["resident_id"], found["name"]) == (card.number, card.name)


def test_a_shop(reader: TextReader) -> None:
    licence = invented_licence(Random(33))
    picture = shop_front("云帆服饰专卖", licence=landscape_licence(licence))
    found = values(read(jpeg(smaller(picture), 85), DocumentKind.SHOP_PHOTO, reader))
    assert (found["signboard"], found["uscc"]) == ("云帆服饰专卖", licence.code)


def test_what_holds_no_text_or_no_pixels(reader: TextReader) -> None:
    with pytest.raises(NothingReadError):
        read(png(np.full((300, 300, 3), 255, np.uint8)), LICENCE, reader)
    whole = jpeg(portrait_licence(invented_licence(Random(36))).picture, 80)
    with pytest.raises(UndecodableError):
        read(whole[:300] + b"\xff\xd9", LICENCE, reader)


@pytest.mark.shared_data
def test_the_specimen_of_a_real_licence(reader: TextReader) -> None:
    """Its printed code is no valid one, and its QR code holds another."""
    reading = read(shared_file("images/business_licence_specimen.png").read_bytes(), LICENCE, reader)
    code = reading.field("uscc")
    assert code is not None
    assert (code.value, code.valid) == ("10440119MA06M8503", False)
    assert code.confidence < 0.5
    found = values(reading)
    assert {
        "type": "有限责任公司(自然人投资或控股)",
        "scope": "商务服务业",
        "address": "广州市",
        "established_on": "2019-01-01",
        "valid_until": "长期",
        "issued_on": "2019-01-01",
        "authority": "广州市花都区工商行政管理局",
    }.items() <= found.items()
    capital = reading.field("capital")
    assert capital is not None
    assert capital.valid
    codes = {signal.code for signal in reading.signals}
    assert "QR_MISMATCH" in codes
    assert not {"ERROR_LEVEL", "COPY_MOVE"} & codes


async def test_a_process_that_dies_hangs_or_refuses(process: DocumentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is replaced, but not for refusing; and it is told nothing that it need not know."""
    monkeypatch.setenv("SYCEE_INGESTION_DATABASE_URL", "postgresql://secret")
    card = invented_card(Random(37))
    picture = png(smaller(card_front(card).picture))
    front = DocumentKind.RESIDENT_ID_FRONT

    first = asyncio.create_task(process.read(picture, front))
    os.kill(await started(process), signal.SIGKILL)
    with pytest.raises(ReaderCrashedError):
        await first
    again = await process.read(picture, front)
    assert values(again)["resident_id"] == card.number
    pid = await started(process)
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()  # noqa: ASYNC240 - a file of memory
    with pytest.raises(UnreadableError, match="NOTHING_READ"):
        await process.read(png(np.full((300, 300, 3), 255, np.uint8)), front)
    assert await started(process) == pid

    hasty = DocumentReader(timeout_s=1)
    try:
        stuck = asyncio.create_task(hasty.read(picture, front))
        held = await started(hasty)
        os.kill(held, signal.SIGSTOP)
        with pytest.raises(ReaderHungError):
            await stuck
        with pytest.raises(ProcessLookupError):
            os.kill(held, 0)
    finally:
        await hasty.close()


async def started(process: DocumentReader) -> int:
    """The number of the process, once there is one."""

    async def there() -> bool:
        return process.pid is not None

    await until(there, timeout_s=30)
    assert process.pid is not None
    return process.pid
