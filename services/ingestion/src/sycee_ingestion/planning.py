"""A file and how to read it, found to fit each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sycee_service.errors import FailedPrecondition, InvalidArgument

from sycee_ingestion import mapping
from sycee_ingestion.connectors import Table, UnreadableFileError, registry
from sycee_ingestion.files import ImportRoot
from sycee_ingestion.mapping import FIELD
from sycee_ingestion.rows import RowMapper


@dataclass(frozen=True, slots=True)
class Plan:
    """A file, the connector that reads it, and what makes events of its rows."""

    path: Path
    connector: str
    table: Table
    mapper: RowMapper


class Planner:
    """Plans imports below one folder. All of it blocks."""

    def __init__(self, root: ImportRoot | None) -> None:
        self._root = root

    def find(self, path: str) -> Path:
        """A file. Raises NotFound, InvalidArgument, and FailedPrecondition without a folder to import from."""
        if self._root is None:
            raise FailedPrecondition("IMPORTS_DISABLED", "this server has no folder to import from")
        return self._root.find(path)

    def plan(self, path: str, mapping_yaml: str) -> Plan:
        """Opens a file by a mapping. Raises as `find` does, and InvalidArgument when they do not fit each other."""
        draft = mapping.read(mapping_yaml)
        connector = registry.find(draft.connector)
        found = self.find(path)
        try:
            table = connector.open(found, draft.file)
        except UnreadableFileError as error:
            raise InvalidArgument(f"{FIELD}.file", f"must fit the file: {error}") from None
        filled = draft.filled(connector.defaults(table.columns, draft.options))
        return Plan(found, connector.name, table, RowMapper(filled, table.columns))
