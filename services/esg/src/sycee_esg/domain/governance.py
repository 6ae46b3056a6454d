"""How a shop keeps its books and its word: tax, declared sales, register entry, disclosure (ESG-09, CN-ID-05, -08)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sycee_esg.domain.book import Book
from sycee_esg.domain.measurement import Measurement
from sycee_esg.domain.portrait import Portrait, RegisterStatus

_REGISTER_STATES: Final = {RegisterStatus.ACTIVE: 2.0, RegisterStatus.ABNORMAL: 1.0}


def measure(portrait: Portrait, book: Book) -> Mapping[str, Measurement]:
    """The governance metrics that the portrait allows to measure, by code."""
    metrics: dict[str, Measurement] = {}
    if portrait.register_status:
        metrics["register_status"] = Measurement(_REGISTER_STATES.get(portrait.register_status, 0.0))
    tax = portrait.tax
    if tax:
        metrics["late_filings"] = Measurement(tax.late_count)
        if tax.rating:  # an unrated sole trader is missing, not bad (ESG-09)
            metrics["tax_rating"] = Measurement(tax.rating.value)
        if tax.declared_fen > 0 and tax.platform_net_fen > 0:  # a portrait cannot tell nothing declared from not said
            metrics["sales_reconciliation"] = Measurement(tax.declared_fen / tax.platform_net_fen)
    if portrait.fresh_sources is not None:
        disclosed = len(portrait.fresh_sources & book.disclosable)
        metrics["disclosure"] = Measurement(disclosed / len(book.disclosable))
    return metrics
