"""The folder that imports are read from, and the digest by which a file is known."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from sycee_service.errors import InvalidArgument, NotFound

from sycee_ingestion.connectors.opening import FORMATS

DIGEST_BYTES = 16
_READ_BYTES = 1 << 20


class ImportRoot:
    """The folder that imports are read from."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def find(self, path: str) -> Path:
        """The file at a path below the root, links followed.

        Raises InvalidArgument for a suffix that is not read, NotFound when there is no such file or it lies outside.
        """
        if "\x00" in path:
            raise InvalidArgument("path", "must not hold the character NUL")
        if Path(path).suffix.lower() not in FORMATS:
            raise InvalidArgument("path", f"must end in one of {', '.join(FORMATS)}", value=path)
        try:
            found = (self._root / path).resolve(strict=True)
            inside = found.is_relative_to(self._root) and found.is_file()
        except (OSError, RuntimeError, ValueError):  # a broken or circular link, a name too long
            inside = False
        if not inside:
            raise NotFound("file", path)
        return found


def digest_of(path: Path) -> bytes:
    """Sixteen bytes that stand for a file's content."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    with path.open("rb") as stream:
        while part := stream.read(_READ_BYTES):
            digest.update(part)
    return digest.digest()
