"""The key that signs tree heads: Ed25519, read once from a PEM file."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sycee_compliance.domain.tree_head import TreeHead, signed_text

KEY_ID_CHARACTERS = 16


class SigningKeyError(ValueError):
    """The key file cannot be used; the message names the file and never its content."""


class HeadSigner:
    """Signs heads of one log. `public_key` is the raw 32 bytes, `key_id` the start of their SHA-256 in hex."""

    def __init__(self, log_id: str, key: Ed25519PrivateKey) -> None:
        self.log_id = log_id
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:KEY_ID_CHARACTERS]

    def sign(self, tree_size: int, root_hash: bytes, signed_at: datetime) -> TreeHead:
        """A head of the log, signed with this key."""
        text = signed_text(self.log_id, tree_size, root_hash, signed_at)
        return TreeHead(self.log_id, tree_size, root_hash, signed_at, self.key_id, self._key.sign(text))


def read_signing_key(path: Path | None) -> Ed25519PrivateKey:
    """Reads an unencrypted PKCS#8 PEM file. Raises SigningKeyError."""
    if path is None:
        raise SigningKeyError("SYCEE_COMPLIANCE_LOG_KEY_FILE must name the log's Ed25519 key, a PEM file")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningKeyError(f"cannot read the log's key from {path}: {type(error).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"the log's key in {path} is not Ed25519")
    return key
