"""Readings and findings as JSON, as they travel between processes and as they are stored, sealed."""

from __future__ import annotations

from pydantic import TypeAdapter

from sycee_ingestion.documents.model import Findings, Reading

_READINGS: TypeAdapter[Reading] = TypeAdapter(Reading)
_FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)


def reading_to_json(reading: Reading) -> bytes:
    """Everything of a reading."""
    return _READINGS.dump_json(reading)


def reading_from_json(text: bytes | str) -> Reading:
    """What `reading_to_json` wrote. Raises pydantic.ValidationError for anything else."""
    return _READINGS.validate_json(text)


def findings_to_json(findings: Findings) -> bytes:
    """Everything that was found."""
    return _FINDINGS.dump_json(findings)


def findings_from_json(text: bytes | str) -> Findings:
    """What `findings_to_json` wrote. Raises pydantic.ValidationError for anything else."""
    return _FINDINGS.validate_json(text)
