"""Payments a day, where a source only counts them: a shop, a day, how many, and perhaps their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sycee_service.errors import InvalidArgument

from sycee_ingestion.connectors import Proposal, Tree, guesses, names, proposing
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import AnyTable, ExportTable, open_export
from sycee_ingestion.mapping import FIELD, FileShape

_MOST_COLUMNS = 6


class DailyCountConnector:
    """See above."""

    name = "daily_counts"

    def recognise(self, look: Look) -> float:
        """A narrow table of days and counts, without numbers of orders."""
        columns = proposing.names_in(look)
        day, payments = names.find("day", columns), names.find("payments", columns)
        if (
            day is None
            or payments is None
            or len(columns) > _MOST_COLUMNS
            or names.find("order_id", columns) is not None
        ):
            return 0.0
        counted = guesses.are_numbers(look.values(payments)) and guesses.time_form(look.values(day))[0]
        return 0.85 if counted and names.find("merchant", columns) is not None else 0.4

    def propose(self, look: Look) -> Proposal:
        """The connector's own mapping of the columns, with what it takes a person to say."""
        points: list[str] = []
        tree: Tree = {
            "connector": self.name,
            "file": proposing.file_section(look.shape),
            "source": guesses.slug(look.stem, "daily-counts"),
            "merchant": proposing.merchant_section(look, points),
        }
        if (when := names.find("day", proposing.names_in(look))) is not None:
            tree["occurred_at"] = proposing.time_value(look, when, points)
        return Proposal(tree, tuple(points))

    def open(self, path: Path, shape: FileShape) -> AnyTable | ExportTable:
        """The file as rows."""
        return open_export(path, shape)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        """Everything but source and merchant. There are no options."""
        if options:
            raise InvalidArgument(f"{FIELD}.options", "must be empty: this connector has none")
        day, payments = names.find("day", columns), names.find("payments", columns)
        if day is None or payments is None:
            raise InvalidArgument(f"{FIELD}.connector", "wants a file with a column of days and one of payments")
        fields: Tree = {"payment_count": {"column": payments}}
        if (amount := names.find("day_amount", [column for column in columns if column != payments])) is not None:
            unit = names.unit_in(amount)
            fields["amount"] = {"column": amount} | ({"unit": unit} if unit in {"fen", "wan"} else {})
        merchant = names.find("merchant", columns)
        return {
            "occurred_at": {"column": day},
            "event_id": {"columns": [column for column in (merchant, day) if column is not None]},
            "personal": {"drop": names.personal(columns)},
            "events": [{"kind": "daily_count", "fields": fields}],
        }
