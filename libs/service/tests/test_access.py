"""Who is let in: every kind of caller against every kind of entry."""

from __future__ import annotations

import base64
import json

import pytest
from sycee_service.access import Allow, Caller
from sycee_service.errors import PermissionDenied, Unauthenticated
from sycee_service.interceptors.identity import admit


def token(**claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


GATEWAY = frozenset({"gateway"})
READER = token(sub="platform-1", scope="notes.read other")

MATRIX = [
    # entry, peer, JWT payload, who it is or why not
    (Allow(peers=GATEWAY), "gateway", None, "gateway"),
    (Allow(peers=GATEWAY), "gateway", READER, "gateway"),  # believed only from the edge
    (Allow(peers=GATEWAY), "scoring", None, "PEER_NOT_ALLOWED"),
    (Allow(peers=GATEWAY), "scoring", READER, "PEER_NOT_ALLOWED"),
    (Allow(peers=GATEWAY), "edge", READER, "PEER_NOT_ALLOWED"),
    (Allow(scope="notes.read"), "edge", READER, "platform-1"),
    (Allow(scope="notes.read"), "edge", token(sub="platform-1", scope=["notes.read"]), "platform-1"),
    (Allow(scope="notes.write"), "edge", READER, "SCOPE_MISSING"),
    (Allow(scope="notes"), "edge", READER, "SCOPE_MISSING"),
    (Allow(scope="notes.read"), "edge", token(sub="platform-1"), "SCOPE_MISSING"),
    (Allow(scope="notes.read"), "edge", token(sub="platform-1", scope=7), "SCOPE_MISSING"),
    (Allow(scope="notes.read"), "edge", None, "TOKEN_MISSING"),
    (Allow(scope="notes.read"), "edge", "", "TOKEN_MISSING"),
    (Allow(scope="notes.read"), "edge", "!!!", "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "edge", token(scope="notes.read"), "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "edge", token(sub="", scope="notes.read"), "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "edge", token(sub=5, scope="notes.read"), "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "edge", token(sub="x" * 1000, scope="notes.read"), "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "edge", base64.urlsafe_b64encode(b"[1]").decode(), "TOKEN_MALFORMED"),
    (Allow(scope="notes.read"), "gateway", READER, "PEER_NOT_ALLOWED"),
    (Allow(scope="notes.read", peers=GATEWAY), "gateway", None, "gateway"),
    (Allow(scope="notes.read", peers=GATEWAY), "edge", READER, "platform-1"),
    (Allow(), "gateway", None, "PEER_NOT_ALLOWED"),
    (Allow(), "edge", READER, "PEER_NOT_ALLOWED"),
]


@pytest.mark.parametrize(("allow", "peer", "payload", "expected"), MATRIX)
def test_matrix(allow: Allow, peer: str, payload: str | None, expected: str) -> None:
    if not expected.isupper():
        assert admit(peer, payload, allow, "ReadNote").subject == expected
        return
    with pytest.raises(Unauthenticated if expected.startswith("TOKEN_") else PermissionDenied) as caught:
        admit(peer, payload, allow, "ReadNote")
    assert caught.value.reason == expected


def test_a_subject_named_like_a_peer_is_another_caller() -> None:
    assert Caller("edge", "gateway").key != Caller("gateway", "gateway").key
