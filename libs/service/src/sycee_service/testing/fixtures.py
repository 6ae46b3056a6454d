"""pytest fixtures. Each stands alone, so that a conftest may import only the one it needs.

The PostgreSQL server is started once a test run (once a worker under xdist) and gives every test a fresh database;
every test that wants NATS has a server of its own, which is up in a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sycee_service.testing.nats import Nats
from sycee_service.testing.postgres import Postgres

_POSTGRES = pytest.StashKey[Postgres]()


def fresh_database(server: Postgres) -> str:
    """An empty database on the server; returns its address."""
    return server.fresh_database()


def _shared_postgres(config: pytest.Config) -> Postgres:
    server = config.stash.get(_POSTGRES, None)
    if server is None:
        server = Postgres()
        config.add_cleanup(server.remove)
        server.start()
        config.stash[_POSTGRES] = server
    return server


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Postgres:
    """The server that all tests of the run share; do not stop it."""
    return _shared_postgres(request.config)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of this test's own."""
    return _shared_postgres(request.config).fresh_database()


@pytest.fixture
def nats_server() -> Iterator[Nats]:
    """A server of this test's own; it may be stopped and started."""
    server = Nats()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def shared_nats_url() -> Iterator[str]:
    """The address of one server for all tests that do not stop it; events of different tests bear different ids."""
    server = Nats()
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


@pytest.fixture
def nats_url() -> Iterator[str]:
    """The address of a server of this test's own."""
    server = Nats()
    try:
        server.start()
        yield server.url
    finally:
        server.remove()
