"""Errors as plain objects."""

from __future__ import annotations

import pytest
from sycee_service.errors import InvalidArgument, NotFound, Unavailable, Violation


def test_invalid_argument_names_field_rule_and_value() -> None:
    error = InvalidArgument("amount.units", "must be positive", value=-3)
    assert error.reason == "INVALID_ARGUMENT"
    assert error.message == "amount.units: must be positive; got -3"
    assert error.violations == (Violation("amount.units", "must be positive", -3),)


def test_many_violations_stay_apart() -> None:
    error = InvalidArgument.many([Violation("a", "must be set"), Violation("b", "must be even", 3)], reason="BAD_PAIR")
    assert [violation.field for violation in error.violations] == ["a", "b"]
    assert str(error) == error.message == "a: must be set; b: must be even; got 3"
    assert error.reason == "BAD_PAIR"
    with pytest.raises(ValueError, match="at least one"):
        InvalidArgument.many([])


def test_long_values_are_cut() -> None:
    assert len(Violation("a", "too long", "x" * 10_000).description()) < 130
    assert len(NotFound("merchant", "x" * 10_000).message) < 130


def test_not_found_makes_its_reason_of_the_kind() -> None:
    error = NotFound("credit facility", "f-1")
    assert (error.reason, error.metadata) == ("CREDIT_FACILITY_NOT_FOUND", {"kind": "credit facility", "id": "f-1"})


def test_metadata_becomes_text() -> None:
    error = Unavailable("DOWN", "down", 250, attempts=3)
    assert (error.metadata, error.retry_after_ms) == ({"attempts": "3"}, 250)
