"""Tokens hold what was asked for and check against the published keys; keys are never made twice."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from sycee_cli.suite import keys
from sycee_cli.suite.errors import SuiteError
from sycee_cli.tokens import MAX_TTL_S, mint


@pytest.fixture
def keyed(folder):
    keys.ensure_keys(folder)
    return folder


def published(folder) -> KeySet:
    return KeySet.import_key_set(json.loads(keys.token_keys_file(folder).read_text()))


def test_a_token_says_who_may_what_until_when(keyed):
    token = jwt.decode(mint(keyed, ["decision.read", "limits.read"], "platform", 600), published(keyed))
    assert token.header["alg"] == "ES256"
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("sycee-local", "sycee", "platform")
    assert claims["scope"] == "decision.read limits.read"
    assert 590 < claims["exp"] - time.time() <= 600


def test_the_published_keys_hold_no_private_part(keyed):
    assert all("d" not in key for key in json.loads(keys.token_keys_file(keyed).read_text())["keys"])


def test_a_token_of_another_suite_does_not_check(keyed, tmp_path):
    other = keyed.__class__(tmp_path)
    other.keys.mkdir()
    keys.ensure_keys(other)
    key = KeySet.import_key_set({"keys": [{**published(other).keys[0].as_dict(), "kid": published(keyed).keys[0].kid}]})
    with pytest.raises(BadSignatureError):
        jwt.decode(mint(keyed, [], "x", 60), key)


def test_an_expired_token_can_be_made_and_one_that_lasts_too_long_cannot(keyed):
    claims = jwt.decode(mint(keyed, [], "x", -60), published(keyed)).claims
    assert claims["exp"] < time.time()
    with pytest.raises(SuiteError, match="at most"):
        mint(keyed, [], "x", MAX_TTL_S + 1)


def test_without_a_suite_there_is_no_token(folder):
    with pytest.raises(SuiteError, match="run `sycee up` first"):
        mint(folder, [], "x", 60)


def test_keys_stay_and_the_logs_pair_fits(keyed):
    before = {path.name: path.read_bytes() for path in keyed.keys.iterdir()}
    keys.ensure_keys(keyed)
    assert {path.name: path.read_bytes() for path in keyed.keys.iterdir()} == before
    assert len(before["data.key"]) == 32
    private = load_pem_private_key(before["log.pem"], None)
    assert private.public_key() == load_pem_public_key(before["log.pub.pem"])
