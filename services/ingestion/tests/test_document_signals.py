"""Signs of tampering: quiet on honest pages however they were saved, and told of where something was put in."""

from __future__ import annotations

import io
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from document_variants import part_of, relabelled, retyped, spliced
from hypothesis import given
from hypothesis import strategies as st
from licence_drawings import (
    Licence,
    Picture,
    Sheet,
    copied,
    invented_licence,
    jpeg,
    landscape_licence,
    opened,
    png,
    portrait_licence,
    registry_link,
    resaved,
    scanned,
    valid_code,
)
from PIL import Image
from sycee_ingestion.documents.codes import QrCode, credit_codes, qr_codes
from sycee_ingestion.documents.model import Box, Field, Signal, around
from sycee_ingestion.documents.ocr import Line
from sycee_ingestion.documents.pictures import decode, jpeg_quality, to_stored, upright
from sycee_ingestion.documents.signals.examining import pixel_signals
from sycee_ingestion.documents.signals.glyphs import glyphs_of
from sycee_ingestion.documents.signals.metadata import metadata_signals
from sycee_ingestion.documents.signals.mismatch import qr_signals
from sycee_ingestion.documents.signals.outliers import outlier_signals

ACCUSING = {"ERROR_LEVEL", "COPY_MOVE", "GLYPH_OUTLIER", "QR_MISMATCH"}


@pytest.fixture(scope="module")
def licence() -> Licence:
    return invented_licence(Random(21))


@pytest.fixture(scope="module")
def sheet(licence: Licence) -> Sheet:
    return landscape_licence(licence)


@pytest.fixture(scope="module")
def page(sheet: Sheet) -> Picture:
    return scanned(sheet.picture, 21)


@pytest.fixture(scope="module")
def other() -> Picture:
    return scanned(landscape_licence(invented_licence(Random(22))).picture, 22)


def examined(data: bytes, lines: list[Line]) -> dict[str, Signal]:
    found = pixel_signals(decode(data), jpeg_quality(data), lines)
    return {signal.code: signal for signal in found}


def reaches(signal: Signal, region: tuple[int, int, int, int]) -> bool:
    box = signal.box
    assert box is not None
    return box.left < region[2] and box.right > region[0] and box.top < region[3] and box.bottom > region[1]


@pytest.mark.parametrize("qualities", [(70,), (80,), (90,), (95,), (75, 90), (90, 75), (85, 95), (80, 80)])
def test_honest_pages_are_not_accused(page: Picture, sheet: Sheet, qualities: tuple[int, ...]) -> None:
    *before, last = qualities
    found = examined(jpeg(resaved(page, *before), last), sheet.lines)
    assert not ACCUSING & set(found)
    assert all(signal.strength <= 0.2 for signal in found.values())


@pytest.mark.parametrize("quality", [None, 75, 90])
def test_plain_drawings_with_equal_letters_and_patterns_are_not_accused(sheet: Sheet, quality: int | None) -> None:
    data = png(sheet.picture) if quality is None else jpeg(sheet.picture, quality)
    assert not ACCUSING & set(examined(data, sheet.lines))


def test_an_earlier_saving_is_a_weak_sign(page: Picture, sheet: Sheet) -> None:
    assert "RECOMPRESSION" not in examined(jpeg(page, 90), sheet.lines)
    twice = examined(jpeg(resaved(page, 75), 90), sheet.lines)["RECOMPRESSION"]
    assert twice.strength <= 0.2
    assert twice.box is None


@pytest.mark.parametrize("qualities", [(75, 90, 92), (85, 70, 95), (80, 60, 90)])
def test_pasted_digits_stand_out(page: Picture, other: Picture, sheet: Sheet, qualities: tuple[int, int, int]) -> None:
    before, source, after = qualities
    region = part_of(sheet.places["uscc"], 0.45, 0.8)
    found = examined(spliced(page, other, region, before=before, source=source, after=after), sheet.lines)
    assert reaches(found["ERROR_LEVEL"], region)
    assert found["ERROR_LEVEL"].strength >= 0.4


def test_pasted_digits_stand_out_in_a_picture_that_is_turned(page: Picture, other: Picture, sheet: Sheet) -> None:
    """The camera says how it was held: blocks are looked for as stored, boxes are told as seen."""
    region = part_of(sheet.places["uscc"], 0.45, 0.8)
    held = to_stored(Box(*region), 6, page.shape[1], page.shape[0])
    stored, strange = (np.ascontiguousarray(np.rot90(picture, 1)) for picture in (page, other))
    there = (round(held.left), round(held.top), round(held.right), round(held.bottom))
    tampered = opened(spliced(stored, strange, there, before=75, source=90, after=100))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(tampered).save(buffer, "JPEG", quality=95, exif=exif)
    found = examined(buffer.getvalue(), sheet.lines)
    assert reaches(found["ERROR_LEVEL"], region)


def test_typed_digits_stand_out(page: Picture, sheet: Sheet, licence: Licence) -> None:
    region = part_of(sheet.places["uscc"], 0.45, 0.8)
    data = retyped(page, region, "730264", 26, before=80, after=92)
    assert reaches(examined(data, sheet.lines)["ERROR_LEVEL"], region)


def test_a_copied_digit_is_told_by_its_grain(page: Picture, sheet: Sheet, licence: Licence) -> None:
    """The first digit of the code, a 9, put over another that is no wider."""
    grey = opened(png(page))[:, :, 1]
    glyphs = [glyph for glyph in glyphs_of(grey, sheet.lines) if sheet.lines[glyph.line].text == licence.code]
    assert "".join(glyph.character for glyph in glyphs) == licence.code
    target = next(index for index in range(8, 18) if licence.code[index] in "023456789"[:-1])
    source, goal = glyphs[0].cell, glyphs[target].cell
    cell = (round(source.left) - 1, round(source.top), round(source.right) + 1, round(source.bottom))
    width = cell[2] - cell[0]
    left = round((goal.left + goal.right) / 2 - width / 2)
    tampered = copied(resaved(page, 95), cell, left, round(goal.top))
    changed = licence.code[:target] + "9" + licence.code[target + 1 :]
    found = examined(jpeg(tampered, 95), relabelled(sheet, "uscc", changed))
    assert reaches(found["COPY_MOVE"], (left, cell[1], left + width, cell[3]))
    assert "COPY_MOVE" not in examined(jpeg(resaved(page, 95), 95), sheet.lines)


def test_a_digit_of_another_size_is_an_outlier(sheet: Sheet, licence: Licence) -> None:
    drawn = Sheet(900, 200)
    text = "9135010"
    end = drawn.write(text, 50, 60, 40)[2]
    right = drawn.write("8", end + 2, 44, 52)[2]
    drawn.write("123456", right + 2, 60, 40)
    line = Line(f"{text}8123456", 0.99, around(each.box for each in drawn.lines), Box(48, 50, right + 200, 108))
    (signal,) = outlier_signals(glyphs_of(drawn.picture[:, :, 0], [line]))
    assert signal.box is not None
    assert end - 4 <= signal.box.left <= signal.box.right <= right + 4
    even = Sheet(900, 200)
    even.write("91350108123456", 50, 60, 40)
    assert outlier_signals(glyphs_of(even.picture[:, :, 0], even.lines)) == []


def test_a_code_that_is_not_the_printed_one(sheet: Sheet, licence: Licence) -> None:
    (code,) = qr_codes(np.ascontiguousarray(sheet.picture[:, :, 0]))
    assert code.text == registry_link(licence.code)
    assert credit_codes(code.text) == (licence.code,)
    printed = Field("uscc", licence.code, 1.0, valid=True)
    assert qr_signals(printed, [code]) == []
    stranger = replace(printed, value=valid_code(Random(9)))
    (signal,) = qr_signals(stranger, [code])
    assert (signal.code, signal.strength, signal.box) == ("QR_MISMATCH", 0.9, code.box)
    misread = Field("uscc", licence.code[:-1] + ("0" if licence.code[-1] != "0" else "2"), 0.4, valid=False)
    assert qr_signals(misread, [code])[0].strength < 0.5
    assert qr_signals(None, [code]) == []
    assert qr_signals(printed, [QrCode("https://example.com", code.box)]) == []


def tagged(page: Picture, exif: Image.Exif | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    if exif is not None:
        options["exif"] = exif
    Image.fromarray(page).save(buffer, "JPEG", quality=90, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def test_what_a_file_says_of_itself(page: Picture) -> None:
    assert metadata_signals(jpeg(page, 90), page) == []
    editor = Image.Exif()
    editor[0x0131] = "Adobe Photoshop 25.0 (Windows)"
    assert [signal.strength for signal in metadata_signals(tagged(page, editor), page)] == [0.5]
    camera = Image.Exif()
    camera[0x010F], camera[0x0110] = "Maker", "Model"
    assert [signal.strength for signal in metadata_signals(tagged(page, camera), page)] == [0.2]
    camera.get_ifd(0x8769)[0x829A] = 0.01
    assert metadata_signals(tagged(page, camera), page) == []
    camera.get_ifd(0x8769).update({0xA002: 4000, 0xA003: 3000})
    assert [signal.code for signal in metadata_signals(tagged(page, camera), page)] == ["METADATA"]
    assert metadata_signals(tagged(page)[:3000], page) == []


def with_thumbnail(page: Picture, small: Picture) -> bytes:
    """A page whose EXIF says that it is upright, and has a thumbnail in its second directory."""
    held = jpeg(np.asarray(Image.fromarray(small).resize((160, 120), Image.Resampling.BOX)), 80)
    at = 26 + 2 + 2 * 12 + 4
    entries = b"".join(
        tag.to_bytes(2, "little") + b"\x04\x00\x01\x00\x00\x00" + value.to_bytes(4, "little")
        for tag, value in ((0x0201, at), (0x0202, len(held)))
    )
    upright_tag = b"\x12\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00"
    first = b"II*\x00\x08\x00\x00\x00\x01\x00" + upright_tag + (26).to_bytes(4, "little")
    tiff = first + b"\x02\x00" + entries + bytes(4)
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "JPEG", quality=90, exif=b"Exif\x00\x00" + tiff + held)
    return buffer.getvalue()


def test_a_thumbnail_of_another_page(page: Picture) -> None:
    assert metadata_signals(with_thumbnail(page, page), page) == []
    shown = portrait_licence(invented_licence(Random(23))).picture
    (signal,) = metadata_signals(with_thumbnail(page, shown), page)
    assert (signal.code, signal.strength > 0.5) == ("METADATA", True)


@given(
    orientation=st.integers(1, 8),
    left=st.integers(0, 4),
    top=st.integers(0, 3),
    width=st.integers(1, 4),
    height=st.integers(1, 3),
)
def test_boxes_turn_with_the_picture(orientation: int, left: int, top: int, width: int, height: int) -> None:
    stored = np.arange(12 * 8 * 3, dtype=np.uint8).reshape(8, 12, 3)
    seen = upright(stored, orientation)
    box = Box(left, top, left + width, top + height)
    held = to_stored(box, orientation, seen.shape[1], seen.shape[0])
    there = stored[int(held.top) : int(held.bottom), int(held.left) : int(held.right)]
    here = seen[top : top + height, left : left + width]
    assert np.array_equal(upright(there, orientation), here)


def test_the_quality_of_a_file(page: Picture) -> None:
    assert [jpeg_quality(jpeg(page, quality)) for quality in (50, 75, 90, 95)] == [50, 75, 90, 95]
    assert jpeg_quality(png(page)) is None
