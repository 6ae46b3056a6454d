"""Free ports, chosen once and remembered."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable

import psutil

from sycee_cli.suite.errors import SuiteError

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 31_999
"""Below Linux's range for outgoing connections (32768 up), which could take a remembered port at any time."""
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that is closing takes no port
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name, side by side where possible. Raises SuiteError when no room is found."""
    wanted = list(names)
    for _ in range(ATTEMPTS):
        first = random.randint(FIRST, LAST - len(wanted))
        chosen = dict(zip(wanted, range(first, first + len(wanted)), strict=True))
        if all(is_free(port) for port in chosen.values()):
            return chosen
    raise SuiteError(f"no {len(wanted)} free ports side by side between {FIRST} and {LAST}")


def require_free(name: str, ports: Iterable[int]) -> None:
    """Raises SuiteError naming the first port that somebody else listens on, and who that is where it can be seen."""
    for port in ports:
        if not is_free(port):
            raise SuiteError(
                f"port {port} of {name} is taken{_holder(port)}: stop that, or choose again with `sycee up --new-ports`"
            )


def _holder(port: int) -> str:
    try:
        found = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        ]
        pid = next((pid for pid in found if pid is not None), None)
        return "" if pid is None else f" by {psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return ""  # it may not be ours to see
