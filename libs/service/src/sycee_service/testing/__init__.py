"""Real engines for tests, and a server in the process of the test.

In a `conftest.py`:

    from sycee_service.testing import nats_url, postgres_url  # noqa: F401 - pytest finds fixtures by name

    @pytest.fixture
    async def channel(postgres_url: str) -> AsyncIterator[grpc.aio.Channel]:
        settings = Settings(database_url=postgres_url)
        async with running(settings, build, peer="gateway") as channel:
            yield channel
"""

from sycee_service.testing.certificates import Authority, Identity
from sycee_service.testing.fixtures import (
    fresh_database,
    nats_server,
    nats_url,
    postgres_server,
    postgres_url,
    shared_nats_url,
)
from sycee_service.testing.nats import Nats
from sycee_service.testing.postgres import Postgres
from sycee_service.testing.running import hosting, running, until

__all__ = [
    "Authority",
    "Identity",
    "Nats",
    "Postgres",
    "fresh_database",
    "hosting",
    "nats_server",
    "nats_url",
    "postgres_server",
    "postgres_url",
    "running",
    "shared_nats_url",
    "until",
]
