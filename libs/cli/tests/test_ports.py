"""Ports: free ones are found, taken ones are named with their holder."""

from __future__ import annotations

import os
import socket

import pytest
from sycee_cli.suite import ports
from sycee_cli.suite.errors import SuiteError


def test_chosen_ports_are_free_and_outside_the_range_of_outgoing_connections():
    chosen = ports.choose(["a", "b", "c"])
    assert len(set(chosen.values())) == 3
    assert all(port < 32_768 and ports.is_free(port) for port in chosen.values())


def test_a_taken_port_is_named_with_its_holder():
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        with pytest.raises(SuiteError, match=rf"port {port} of nats is taken by .*\(pid {os.getpid()}\).*--new-ports"):
            ports.require_free("nats", (port,))


def test_a_server_that_shares_its_port_still_takes_it():
    """gRPC servers listen with SO_REUSEPORT: a second one would go in beside the first."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((ports.HOST, 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])
