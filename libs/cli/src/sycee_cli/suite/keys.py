"""Keys of the suite: what signs tokens, what signs the log's heads, what encrypts personal data at rest."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import ECKey

from sycee_cli.suite.files import SECRET_MODE, write_file
from sycee_cli.suite.folder import StateFolder

DATA_KEY_BYTES = 32


def token_key_file(folder: StateFolder) -> Path:
    """The private key that signs tokens, as a JWK."""
    return folder.keys / "tokens.jwk"


def token_keys_file(folder: StateFolder) -> Path:
    """The public keys that the edge checks tokens with, as a JWKS."""
    return folder.keys / "tokens.jwks"


def log_key_file(folder: StateFolder) -> Path:
    """The private key that signs the log's heads, PEM."""
    return folder.keys / "log.pem"


def log_public_key_file(folder: StateFolder) -> Path:
    """The log's public key, PEM: what `sycee verify` trusts."""
    return folder.keys / "log.pub.pem"


def data_key_file(folder: StateFolder) -> Path:
    """The key that encrypts personal data at rest, 32 bytes."""
    return folder.keys / "data.key"


def ensure_keys(folder: StateFolder) -> None:
    """Makes every key that is missing. A key that is there is never touched: data and receipts depend on it."""
    if not token_key_file(folder).exists():
        _make_token_key(folder)
    if not log_key_file(folder).exists():
        _make_log_key(folder)
    if not data_key_file(folder).exists():
        write_file(data_key_file(folder), secrets.token_bytes(DATA_KEY_BYTES), SECRET_MODE)


def _make_token_key(folder: StateFolder) -> None:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    public = {"keys": [key.as_dict(private=False)]}
    write_file(token_keys_file(folder), json.dumps(public).encode())
    write_file(token_key_file(folder), json.dumps(key.as_dict(private=True)).encode(), SECRET_MODE)


def _make_log_key(folder: StateFolder) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_file(log_public_key_file(folder), public)
    write_file(log_key_file(folder), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), SECRET_MODE)
