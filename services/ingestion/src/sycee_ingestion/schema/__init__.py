"""The tables of this service. The migrations make them; a test compares the two."""

from sycee_ingestion.schema import books, documents, imports, links, merchants, privacy
from sycee_ingestion.schema.base import metadata

__all__ = ["books", "documents", "imports", "links", "merchants", "metadata", "privacy"]
