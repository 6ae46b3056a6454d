"""Ledgers of VAT invoices, issued or received: number, day, other side, amount, tax, whether voided.

An invoice is named by direction, merchant, code, number and day, not by its amounts or its other side: the same invoice
listed twice counts once, and one that is listed with another side or amount contradicts itself and is held. A number
alone names nothing, since numbers come round again under other codes. Voiding is a correction (revision 1) of the
invoice: in whatever order a ledger lists them, or two ledgers drawn at different times, the invoice ends voided. A
negative amount is a red-letter invoice, under a number of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sycee_service.errors import InvalidArgument

from sycee_ingestion.connectors import Proposal, Tree, names, proposing
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import AnyTable, ExportTable, open_export
from sycee_ingestion.mapping import FIELD, FileShape

DIRECTIONS = ("sale", "purchase")
_HINTS = {
    "sale": ("sale", "sold", "output", "销项", "销售", "开具"),
    "purchase": ("purchase", "bought", "input", "进项", "采购", "取得"),
}
_VOID_WORDS = ("作废", "已作废", "是", "true", "1", "y", "yes", "void", "voided", "cancelled")
_INVALID_WORDS = ("作废", "无效", "否", "false", "0", "n", "no")
_OTHER_SIDE = {"sale": "buyer_party", "purchase": "seller_party"}


class InvoiceConnector:
    """See above."""

    name = "invoices"

    def recognise(self, look: Look) -> float:
        """Sure of a number, a tax and an amount."""
        columns = proposing.names_in(look)
        has = {role for role in ("invoice_no", "tax", "net", "gross") if names.find(role, columns) is not None}
        return 0.95 if {"invoice_no", "tax"} < has and names.find("invoiced_on", columns) is not None else 0.0

    def propose(self, look: Look) -> Proposal:
        """The connector's own mapping of the columns, with what it takes a person to say."""
        columns = proposing.names_in(look)
        points: list[str] = []
        direction = _direction_in(look.stem)
        if direction is None:
            direction = "sale"
            points.append(
                "nothing tells whether the merchant issued these invoices or received them: `sale` is put in "
                "options.direction, put `purchase` if it received them"
            )
        tree: Tree = {
            "connector": self.name,
            "options": {"direction": direction},
            "file": proposing.file_section(look.shape),
            "source": "invoices",
            "merchant": proposing.merchant_section(look, points, borrower_kind="ENTERPRISE"),
        }
        when = names.find("invoiced_on", columns)
        if when is not None:
            tree["occurred_at"] = proposing.time_value(look, when, [])
        return Proposal(tree, tuple(points))

    def open(self, path: Path, shape: FileShape) -> AnyTable | ExportTable:
        """The file as rows."""
        return open_export(path, shape)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        """Everything but the merchant. Option `direction`: `sale` or `purchase`."""
        direction = options.get("direction")
        if direction not in DIRECTIONS:
            raise InvalidArgument(f"{FIELD}.options.direction", f"must be one of {', '.join(DIRECTIONS)}")
        number, when = names.find("invoice_no", columns), names.find("invoiced_on", columns)
        if number is None or when is None:
            raise InvalidArgument(f"{FIELD}.connector", "wants a file with a column of invoice numbers and one of days")
        code, merchant = names.find("invoice_code", columns), names.find("merchant", columns)
        named_by = [column for column in (merchant, code, number, when) if column is not None]
        other_side = names.find(_OTHER_SIDE[direction], columns)
        fields: Tree = {"direction": direction.upper(), **_amounts(columns)}
        if (counterparty := names.find("counterparty", columns) or other_side) is not None:
            fields["counterparty_id"] = {"column": counterparty}
        tree: Tree = {
            "source": "invoices",
            "occurred_at": {"column": when},
            "event_id": {"columns": named_by, "prefix": f"{direction}-"},
            "personal": _personal(columns, other_side),
        }
        if (voided := _voided(columns)) is not None:
            fields["voided"] = {**voided, "map": _as_words(voided["map"], "true")}
            tree["revision"] = {**voided, "map": _as_words(voided["map"], "1"), "otherwise": "0"}
            fields["voided"]["otherwise"] = "false"
        return tree | {"events": [{"kind": "invoice", "fields": fields}]}


def _direction_in(stem: str) -> str | None:
    found = [direction for direction, hints in _HINTS.items() if any(hint in stem for hint in hints)]
    return found[0] if len(found) == 1 else None


def _amounts(columns: Sequence[str]) -> Tree:
    net, tax, gross = (names.find(role, columns) for role in ("net", "tax", "gross"))
    if tax is None or (net is None and gross is None):
        raise InvalidArgument(f"{FIELD}.connector", "wants a file with a column of tax and one of amounts")
    fields: Tree = {"tax_amount": {"column": tax}}
    without_tax = {"cel": f"row[{_quoted(gross)}] - row[{_quoted(tax)}]"} if net is None and gross is not None else None
    fields["net_amount"] = without_tax or {"column": net}
    return fields


def _quoted(column: str) -> str:
    return f'"{column}"' if '"' not in column else f"'{column}'"


def _voided(columns: Sequence[str]) -> Tree | None:
    """The column that tells of voiding, and the words in it that say so."""
    if (column := names.find("valid", columns)) is not None:
        return {"column": column, "map": _cased(_INVALID_WORDS)}
    if (column := names.find("voided", columns)) is not None:
        return {"column": column, "map": _cased(_VOID_WORDS)}
    return None


def _cased(words: Sequence[str]) -> dict[str, str]:
    return {cased: "" for word in words for cased in (word, word.capitalize(), word.upper())}


def _as_words(words: Mapping[str, str], meaning: str) -> Tree:
    return dict.fromkeys(words, meaning)


def _personal(columns: Sequence[str], other_side: str | None) -> Tree:
    """Both sides' names: the other one enters as a digest, since it may be a person's."""
    sides = ("buyer_party", "seller_party")
    named = [column for column in columns if any(names.find(side, [column]) is not None for side in sides)]
    digest = [] if other_side is None else [other_side]
    drop = [column for column in dict.fromkeys([*named, *names.personal(columns)]) if column not in digest]
    return {"drop": drop, "digest": digest}
