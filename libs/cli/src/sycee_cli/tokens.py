"""Tokens for the edge, signed with the suite's own key."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable

from joserfc import jwt
from joserfc.jwk import ECKey

from sycee_cli.suite.edge import AUDIENCE, ISSUER
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.keys import token_key_file

MAX_TTL_S = 30 * 86_400
EVERY_SCOPE = (
    "decision.read",
    "decision.write",
    "ingestion.read",
    "ingestion.write",
    "ingestion.privacy",
    "scoring.read",
    "scoring.fraud",
    "scoring.models.read",
    "scoring.models.write",
    "scoring.outcomes.write",
    "esg.read",
    "limits.read",
    "compliance.read",
    "compliance.write",
)
"""What callers from outside may be allowed; each service's README says which RPC wants which."""


def mint(folder: StateFolder, scopes: Iterable[str], subject: str, ttl_s: int) -> str:
    """A signed token (JWS, ES256). Raises SuiteError when the suite has no key yet or the token would last too long.

    `ttl_s` below zero makes one that has expired already, which is how refusals are tried.
    """
    if ttl_s > MAX_TTL_S:
        raise SuiteError(f"a token lasts at most {MAX_TTL_S} s")
    try:
        key = ECKey.import_key(json.loads(token_key_file(folder).read_bytes()))
    except FileNotFoundError:
        raise SuiteError(f"there is no signing key in {folder.root} yet: run `sycee up` first") from None
    except (OSError, ValueError) as error:
        raise SuiteError(f"{token_key_file(folder)} cannot be read: {error}") from error
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "scope": " ".join(scopes),
        "iat": min(now, now + ttl_s),
        "exp": now + ttl_s,
        "jti": secrets.token_hex(8),
    }
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
