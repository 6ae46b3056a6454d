"""What a server hands on to the client library."""

from __future__ import annotations

import contextvars
import time

from sycee_client import calls


def test_outside_of_a_server_nothing_is_handed_on() -> None:
    assert calls.outgoing_metadata() == ()
    assert calls.remaining_s(3.0) == 3.0


def test_inside_the_time_left_bounds_the_default() -> None:
    def inside() -> None:
        calls.deadline.set(time.monotonic() + 1)
        calls.traceparent.set("00-a-b-00")
        assert 0.9 < calls.remaining_s(3.0) <= 1.0
        assert calls.remaining_s(0.5) == 0.5
        assert calls.outgoing_metadata() == (("traceparent", "00-a-b-00"),)
        calls.deadline.set(time.monotonic() - 1)
        assert calls.remaining_s(3.0) == 0.0

    contextvars.copy_context().run(inside)
