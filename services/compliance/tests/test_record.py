"""Canonical JSON: one content, one spelling."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_compliance.domain.record import check_canonical
from sycee_service.errors import InvalidArgument

WHOLE = st.none() | st.booleans() | st.integers() | st.text()
CONTENT = st.recursive(WHOLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), CONTENT))
def test_canonical_content_is_taken(content: dict[str, object]) -> None:
    check_canonical(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_or_refused(record: bytes) -> None:
    with suppress(InvalidArgument):
        check_canonical(record)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"7",
        b"null",
        b'{"a": 1}',
        b'{"a":1}\n',
        b' {"a":1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":{"y":1,"x":2}}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    ],
)
def test_anything_else_is_refused(record: bytes) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_canonical(record)
    assert "9999" not in refused.value.message


def test_the_least_record() -> None:
    check_canonical(b"{}")
