"""Identity: who calls, by mTLS certificate and, through the edge, by JWT; and whether they may."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from sycee_service.access import EDGE, Allow, Caller, set_caller
from sycee_service.errors import PermissionDenied, Unauthenticated
from sycee_service.interceptors.step import Call, Method, Parts, Proceed, ServicerContext

SPIFFE_PREFIX = "spiffe://sycee/"
JWT_HEADER = "x-jwt-payload"
TEST_PEER_HEADER = "x-test-peer"
MAX_SUBJECT_CHARACTERS = 200


def identity(method: Method, parts: Parts, proceed: Proceed) -> Proceed:
    """Lets in the peers that the method's entry names and, with the right scope, callers that the edge vouches for."""
    allow, name = method.allow, method.name
    peer_of = _plaintext_peer(parts.plaintext_peer) if parts.settings.allow_plaintext else _certified_peer
    direct = {peer: Caller(peer, peer) for peer in allow.peers - {EDGE}}

    async def step(request: Any, call: Call) -> Any:
        peer = call.peer = peer_of(call)
        caller = direct.get(peer)
        set_caller(caller if caller is not None else admit(peer, call.metadata.get(JWT_HEADER), allow, name))
        return await proceed(request, call)

    return step


def admit(peer: str, jwt_payload: object, allow: Allow, method: str) -> Caller:
    """The caller, when its entry lets it in; else Unauthenticated or PermissionDenied."""
    if peer != EDGE:
        if peer in allow.peers:
            return Caller(peer, peer)
        raise PermissionDenied("PEER_NOT_ALLOWED", f"{peer} may not call {method}", method=method)
    if allow.scope is None and EDGE not in allow.peers:
        raise PermissionDenied("PEER_NOT_ALLOWED", f"{method} is not reached through the edge", method=method)
    subject, scopes = _claims(jwt_payload)
    if allow.scope is not None and allow.scope not in scopes:
        raise PermissionDenied("SCOPE_MISSING", f"{method} wants the scope {allow.scope}", scope=allow.scope)
    return Caller(EDGE, subject, scopes)


def _claims(payload: object) -> tuple[str, frozenset[str]]:
    """Subject and scopes of a JWT payload that the edge verified and forwards as base64url JSON."""
    if not isinstance(payload, str) or not payload:
        raise Unauthenticated("TOKEN_MISSING", "the call carries no verified token")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise Unauthenticated("TOKEN_MALFORMED", "the token's payload cannot be read") from None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or "\x00" in subject:
        raise Unauthenticated("TOKEN_MALFORMED", "the token names no subject")
    scope = claims.get("scope", "")
    words = scope.split() if isinstance(scope, str) else scope if isinstance(scope, list) else ()
    return subject, frozenset(word for word in words if isinstance(word, str))


def _certified_peer(call: Call) -> str:
    """The name in the peer's certificate: its one URI `spiffe://sycee/<name>`."""
    names = spiffe_names(call.context)
    if len(names) != 1:
        raise Unauthenticated("CERTIFICATE_UNNAMED", f"the certificate wants one name {SPIFFE_PREFIX}<name>")
    return names[0]


def spiffe_names(context: ServicerContext) -> list[str]:
    """The Sycee names in the certificate that the TLS handshake verified."""
    found = context.auth_context().get("x509_subject_alternative_name", ())
    names = [bytes(name).decode("utf-8", "replace") for name in found]
    return [name.removeprefix(SPIFFE_PREFIX) for name in names if name.startswith(SPIFFE_PREFIX)]


def _plaintext_peer(default: str | None) -> Callable[[Call], str]:
    """For tests without certificates: the peer is whom the metadata names."""

    def peer_of(call: Call) -> str:
        peer = call.metadata.get(TEST_PEER_HEADER, default)
        if not isinstance(peer, str) or not peer:
            raise Unauthenticated("CERTIFICATE_UNNAMED", f"without TLS a call names its peer in {TEST_PEER_HEADER}")
        return peer

    return peer_of
