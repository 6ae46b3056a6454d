"""Personal data at rest: AES-256-GCM for what must be read again, keyed digests for what must only be compared.

The data key never works itself: HKDF-SHA256 (RFC 5869) makes one key to seal and another to digest. A sealed value is
`1 | key id (4) | nonce (12) | ciphertext and tag`; merchant and field are bound to it as associated data, so that a
value copied into another row or column does not open.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sycee_service.errors import FailedPrecondition

KEY_BYTES = 32
_FORMAT = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES = 4, 12
_HEADER_BYTES = len(_FORMAT) + _KEY_ID_BYTES


def read_key(path: Path) -> bytes:
    """The data key in a file: 32 raw bytes, or 64 hexadecimal digits. Raises ValueError for anything else."""
    raw = path.read_bytes()
    if len(raw) == KEY_BYTES:
        return raw
    try:
        key = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} must hold {KEY_BYTES} bytes, raw or as {2 * KEY_BYTES} hexadecimal digits")
    return key


class Sealer:
    """Seals, opens and digests with keys derived from one data key."""

    def __init__(self, data_key: bytes) -> None:
        if len(data_key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(_derive(data_key, b"sycee-ingestion seal 1"))
        self._digest_key = _derive(data_key, b"sycee-ingestion digest 1")
        self._header = _FORMAT + _derive(data_key, b"sycee-ingestion key id 1")[:_KEY_ID_BYTES]

    def seal(self, plain: str, merchant_id: str, field: str) -> bytes:
        """Encrypts one field of one merchant; the same text never seals to the same bytes twice."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain.encode(), _bound_to(merchant_id, field))

    def open(self, sealed: bytes, merchant_id: str, field: str) -> str:
        """Decrypts what `seal` made for the same merchant and field.

        Raises FailedPrecondition (DATA_KEY_MISMATCH) when another key sealed it or the bytes were changed.
        """
        nonce, ciphertext = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES], sealed[_HEADER_BYTES + _NONCE_BYTES :]
        if sealed[:_HEADER_BYTES] != self._header:
            raise FailedPrecondition(
                "DATA_KEY_MISMATCH", "the merchant's personal data was sealed with another data key"
            )
        try:
            return self._cipher.decrypt(nonce, ciphertext, _bound_to(merchant_id, field)).decode()
        except (InvalidTag, ValueError):  # changed, or cut short
            raise FailedPrecondition(
                "DATA_KEY_MISMATCH", "the merchant's sealed data does not open: it was changed or moved"
            ) from None

    def digest(self, plain: str, field: str) -> bytes:
        """HMAC-SHA256 by which equal values of a field are found without opening them."""
        return hmac.digest(self._digest_key, field.encode() + b"\x00" + plain.encode(), "sha256")


def _derive(data_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(data_key)


def _bound_to(merchant_id: str, field: str) -> bytes:
    return f"{merchant_id}\x00{field}".encode()
