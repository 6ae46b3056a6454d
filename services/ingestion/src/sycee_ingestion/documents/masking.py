"""What of a document may be shown to those who may not see whom it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sycee_ingestion.documents.model import DocumentKind, Field
from sycee_ingestion.documents.values import masked_number, masked_text

_PERSONAL: dict[DocumentKind, dict[str, Callable[[str], str]]] = {
    # The register is public, but for who runs a business: GetMerchant masks the operator as well.
    DocumentKind.BUSINESS_LICENCE: {"operator": masked_text},
    DocumentKind.RESIDENT_ID_FRONT: {
        "name": masked_text,
        "resident_id": masked_number,
        "address": masked_text,
        "birth_date": lambda text: text[:4] + "-**-**" if len(text) == 10 else masked_text(text),
        "ethnicity": lambda text: "*" * len(text),
        "sex": lambda text: "*" * len(text),
    },
}


def masked(field: Field, kind: DocumentKind) -> Field:
    """A field with what is personal in it hidden."""
    mask = _PERSONAL.get(kind, {}).get(field.name)
    return field if mask is None else replace(field, value=mask(field.value))


def personal_names(kind: DocumentKind) -> frozenset[str]:
    """The names of the fields of a kind that are personal."""
    return frozenset(_PERSONAL.get(kind, {}))
