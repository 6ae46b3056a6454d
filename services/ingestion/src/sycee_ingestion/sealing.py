"""Personal data at rest: AES-256-GCM for what must be read again, keyed digests for what must only be compared.

Envelopes. Every merchant has two random keys of its own: one for what law wants kept (IDENTITY), one for the rest
(CONTACT). They are stored wrapped by the master key of the key file, in a table apart, and what is sealed with them
opens no more once that row is gone, wherever copies of the sealed values lie. One more random key, wrapped alike, makes
the digests: it outlives every change of the master key, so that digests of what is not kept itself stay comparable.

The master key never works itself: HKDF-SHA256 (RFC 5869) makes the wrapping key of it. A wrapped key is
`2 | master key id (4) | nonce (12) | ciphertext and tag`, bound to its merchant and use; a sealed value is
`2 | nonce (12) | ciphertext and tag`, bound to its field. What is copied into another row or column does not open.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sycee_service.errors import FailedPrecondition

KEY_BYTES = 32
MOST_MASTER_KEYS = 16
_FORMAT = b"\x02"
_KEY_ID_BYTES, _NONCE_BYTES = 4, 12
_HEADER_BYTES = len(_FORMAT) + _KEY_ID_BYTES


class KeyUse(Enum):
    """What a merchant's key is for: the two are erased at different times."""

    IDENTITY = "identity"
    """Names, resident id, identity documents: kept as long as law wants."""
    CONTACT = "contact"
    """Phone, address, photographs of the shop: erased as soon as the merchant asks."""


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The master keys in a file, oldest first: 32 raw bytes, or a line of 64 hexadecimal digits for each key.

    The last one wraps, all of them open. Raises ValueError for anything else.
    """
    raw = path.read_bytes()
    if len(raw) == KEY_BYTES:
        return (raw,)
    try:
        keys = tuple(bytes.fromhex(line) for line in raw.decode("ascii").split())
    except ValueError:
        keys = ()
    if not 1 <= len(set(keys)) == len(keys) <= MOST_MASTER_KEYS or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError(
            f"{path} must hold {KEY_BYTES} raw bytes, or 1 to {MOST_MASTER_KEYS} different keys, "
            f"{2 * KEY_BYTES} hexadecimal digits a line"
        )
    return keys


class DataKey:
    """One key of one merchant, opened: seals and opens single fields."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, field: str) -> bytes:
        """Encrypts one field, such as "operator.phone"; the same value never seals to the same bytes twice."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, plain, field.encode())

    def open(self, sealed: bytes, field: str) -> bytes:
        """Decrypts what `seal` made for the same field; FailedPrecondition when the bytes were changed or moved."""
        if sealed[:1] != _FORMAT:
            raise _does_not_open()
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], field.encode())
        except (InvalidTag, ValueError):  # changed, or cut short
            raise _does_not_open() from None

    def seal_text(self, plain: str, field: str) -> bytes:
        """As `seal`, of a text."""
        return self.seal(plain.encode(), field)

    def open_text(self, sealed: bytes, field: str) -> str:
        """As `open`, of a text."""
        return self.open(sealed, field).decode()


class Keyring:
    """The master keys: wraps with the newest, opens what any of them wrapped."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        if not master_keys or any(len(key) != KEY_BYTES for key in master_keys):
            raise ValueError(f"a master key has {KEY_BYTES} bytes, and there is at least one")
        self._ciphers = {_header(key): AESGCM(_derive(key, b"sycee-ingestion wrap 2")) for key in master_keys}
        self.newest = _header(master_keys[-1])
        """What every key begins with that the newest master key has wrapped."""

    def opens(self, beginning: bytes) -> bool:
        """Whether one of the master keys wrapped what begins so (`len(newest)` bytes)."""
        return beginning in self._ciphers

    def wrap(self, key: bytes, bound_to: str) -> bytes:
        """Encrypts a key, bound to what it belongs to."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.newest + nonce + self._ciphers[self.newest].encrypt(nonce, key, bound_to.encode())

    def unwrap(self, wrapped: bytes, bound_to: str) -> bytes:
        """The key that `wrap` took. Raises FailedPrecondition (DATA_KEY_MISMATCH) when none of the master keys opens
        it, or it was changed or moved.
        """
        cipher = self._ciphers.get(wrapped[:_HEADER_BYTES])
        if cipher is None:
            raise FailedPrecondition("DATA_KEY_MISMATCH", "personal data was sealed under a data key that is not here")
        start = _HEADER_BYTES + _NONCE_BYTES
        try:
            return cipher.decrypt(wrapped[_HEADER_BYTES:start], wrapped[start:], bound_to.encode())
        except (InvalidTag, ValueError):
            raise _does_not_open() from None


class Sealer:
    """Makes and opens merchants' keys, and digests."""

    def __init__(self, keyring: Keyring, digest_key: bytes) -> None:
        if len(digest_key) != KEY_BYTES:
            raise ValueError(f"a digest key has {KEY_BYTES} bytes")
        self.keyring = keyring
        self._digest_key = digest_key

    def new_key(self, merchant_id: str, use: KeyUse) -> tuple[DataKey, bytes]:
        """A new key of a merchant, and the same key wrapped, to be stored."""
        key = os.urandom(KEY_BYTES)
        return DataKey(key), self.keyring.wrap(key, _owner(merchant_id, use))

    def open_key(self, wrapped: bytes, merchant_id: str, use: KeyUse) -> DataKey:
        """A merchant's key. Raises FailedPrecondition (DATA_KEY_MISMATCH)."""
        return DataKey(self.keyring.unwrap(wrapped, _owner(merchant_id, use)))

    def rewrapped(self, wrapped: bytes, merchant_id: str, use: KeyUse) -> bytes:
        """A merchant's key under the newest master key. Raises FailedPrecondition (DATA_KEY_MISMATCH)."""
        owner = _owner(merchant_id, use)
        return self.keyring.wrap(self.keyring.unwrap(wrapped, owner), owner)

    def digest(self, plain: str, field: str) -> bytes:
        """HMAC-SHA256 by which equal values of a field are found without opening them."""
        return hmac.digest(self._digest_key, field.encode() + b"\x00" + plain.encode(), "sha256")


def _header(master_key: bytes) -> bytes:
    return _FORMAT + _derive(master_key, b"sycee-ingestion key id 2")[:_KEY_ID_BYTES]


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master_key)


def _owner(merchant_id: str, use: KeyUse) -> str:
    return f"{merchant_id}\x00{use.value}"


def _does_not_open() -> FailedPrecondition:
    return FailedPrecondition("DATA_KEY_MISMATCH", "sealed personal data does not open: it was changed or moved")
