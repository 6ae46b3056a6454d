"""Drawn pages tampered with, as the tests and whoever measures the signs do it."""

from __future__ import annotations

from dataclasses import replace

from licence_drawings import Picture, Region, Sheet, jpeg, pasted, resaved, typed_over
from sycee_ingestion.documents.model import Box
from sycee_ingestion.documents.ocr import Line


def part_of(region: Region, begin: float, end: float) -> Region:
    """A part of a region, in shares of its width; whole pixels."""
    width = region[2] - region[0]
    return (round(region[0] + begin * width), region[1] - 2, round(region[0] + end * width), region[3] + 2)


def spliced(page: Picture, other: Picture, region: Region, *, before: int, source: int, after: int) -> bytes:
    """A page saved at one quality, with a region of another page of another quality put in, saved once more."""
    return jpeg(pasted(resaved(page, before), resaved(other, source), region, shift=(1, 0)), after)


def retyped(page: Picture, region: Region, text: str, size: int, *, before: int, after: int) -> bytes:
    """A saved page with other text typed over a region, saved once more."""
    return jpeg(typed_over(resaved(page, before), region, text, size), after)


def relabelled(sheet: Sheet, field: str, text: str) -> list[Line]:
    """The lines of a sheet with another text where a field stands."""
    place = Box(*sheet.places[field])
    return [replace(line, text=text) if line.box == place else line for line in sheet.lines]
