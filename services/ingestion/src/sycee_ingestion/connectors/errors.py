"""What readers raise."""

from __future__ import annotations


class UnreadableFileError(Exception):
    """The file is not what its format says. The message names no value of it, since values may be personal data."""
