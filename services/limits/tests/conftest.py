"""Real PostgreSQL and NATS, the real server, and applications to put to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sycee_limits.catalogue as shipped
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date
from sycee.common.v1 import common_pb2
from sycee.limits.v1 import limits_pb2 as pb
from sycee.limits.v1 import limits_pb2_grpc
from sycee_limits.catalogue_files import load_catalogue
from sycee_limits.domain.application import Application
from sycee_limits.domain.catalogue import Catalogue
from sycee_limits.domain.kinds import BorrowerKind, Grade, RepaymentMethod
from sycee_limits.server import build
from sycee_limits.settings import Settings
from sycee_limits.store import LimitsStore
from sycee_service.clock import ManualClock
from sycee_service.database import Database, open_pool
from sycee_service.testing import postgres_url, running, shared_nats_url, until
from sycee_service.wire import date_to_proto, fen_to_money

__all__ = ["postgres_url", "shared_nats_url"]

# A busy machine is no failure of the code.
hypothesis.settings.register_profile("limits", deadline=None)
hypothesis.settings.load_profile("limits")

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The catalogue that ships."""
    return load_catalogue()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@dataclass
class Ledger:
    """A running service: its stub, its clock, and its database for a look from behind."""

    stub: limits_pb2_grpc.LimitsServiceAsyncStub
    clock: ManualClock
    store: LimitsStore
    database: Database
    url: str

    async def assert_sound(self) -> None:
        """Every balance, hold and facility agrees with the entries."""
        assert await self.store.verify() == []

    async def used_fen(self, account: str) -> int:
        """Held and drawn of an account."""
        return (await self.store.used_fen([account])).get(account, 0)


async def _all_told(database: Database) -> bool:
    async with database.reading() as tx:
        return not await tx.driver.fetchval("select count(*) from outbox")


Start = Callable[..., AbstractAsyncContextManager[Ledger]]


@pytest.fixture
def start(request: pytest.FixtureRequest, shared_nats_url: str, clock: ManualClock) -> Start:
    """Starts the service. It sweeps rarely unless told, so that a test sees holds before their expiry is posted."""
    database_url = request.getfixturevalue("postgres_url")

    @asynccontextmanager
    async def started(folder: Path | None = None, **settings: Any) -> AsyncIterator[Ledger]:
        values = {"nats_url": shared_nats_url, "sweep_interval_ms": 3_600_000, **settings}
        pool = await open_pool(database_url, 2)
        database = Database(pool, "test", clock)
        chosen = Settings(database_url=database_url, catalogue=folder, **values)
        try:
            async with running(chosen, build, clock=clock, peer="gateway") as channel:
                stub: Any = limits_pb2_grpc.LimitsServiceStub(channel)
                try:
                    yield Ledger(stub, clock, LimitsStore(database), database, database_url)
                finally:
                    await until(lambda: _all_told(database))  # an orderly end: the relay has nothing in its hands
        finally:
            await pool.close()

    return started


@pytest.fixture
async def ledger(start: Start) -> AsyncIterator[Ledger]:
    """The service with the catalogue that ships, on an empty database."""
    async with start() as ledger:
        yield ledger


class Asks:
    """Makes what tests ask with: a steady shop with 100,000 yuan of net sales a month, unless changed."""

    def __init__(self) -> None:
        self._requests = count(1)

    def request_id(self) -> str:
        """A new one each time."""
        return f"request-{next(self._requests):08d}"

    def application(self, **changes: Any) -> Application:
        """The shop's application as the domain sees it."""
        values: dict[str, Any] = {
            "merchant_id": "m1",
            "product_id": "shopkeeper",
            "requested_fen": 5_000_000,
            "term_months": 12,
            "method": RepaymentMethod.EQUAL_INSTALMENT,
            "lender_id": "",
            "as_of": TODAY,
            "borrower_kind": BorrowerKind.SOLE_TRADER,
            "province_code": "33",
            "monthly_net_fen": 10_000_000,
            "months_of_history": 24,
            "default_probability": 0.02,
            "grade": Grade.A,
            "other_debt_fen": 0,
            "other_debt_service_fen": 0,
            "peak_28d_share": 0.1,
            "esg_discount_bp": 0,
        }
        return Application(**{**values, **changes})

    def message(self, **changes: Any) -> pb.Application:
        """The same application as a caller puts it. `requested_fen` stands for the amount, `as_of` may be a date."""
        day = changes.pop("as_of", TODAY)
        values: dict[str, Any] = {
            "merchant_id": "m1",
            "product_id": "shopkeeper",
            "requested_amount": fen_to_money(changes.pop("requested_fen", 5_000_000)),
            "term_months": 12,
            "repayment_method": common_pb2.REPAYMENT_METHOD_EQUAL_INSTALMENT,
            "as_of": day if isinstance(day, Date) else date_to_proto(day),
            "borrower_kind": common_pb2.BORROWER_KIND_SOLE_TRADER,
            "province_code": "33",
            "monthly_net_fen": 10_000_000,
            "months_of_history": 24,
            "default_probability": 0.02,
            "grade": common_pb2.GRADE_A,
            "peak_28d_share": 0.1,
        }
        return pb.Application(**{**values, **changes})

    def quote(self, **changes: Any) -> pb.QuoteLimitRequest:
        """To quote."""
        return pb.QuoteLimitRequest(application=self.message(**changes))

    def reserve(self, reservation_id: str, *, hold_for_s: int | None = None, **changes: Any) -> pb.ReserveRequest:
        """To hold."""
        return pb.ReserveRequest(
            request_id=self.request_id(),
            reservation_id=reservation_id,
            application=self.message(**changes),
            hold_for=Duration(seconds=hold_for_s) if hold_for_s is not None else None,
        )

    def capture(self, reservation_id: str, amount_fen: int | None = None) -> pb.CaptureRequest:
        """To draw."""
        amount = fen_to_money(amount_fen) if amount_fen is not None else None
        return pb.CaptureRequest(request_id=self.request_id(), reservation_id=reservation_id, amount=amount)

    def void(self, reservation_id: str) -> pb.VoidRequest:
        """To let go."""
        return pb.VoidRequest(request_id=self.request_id(), reservation_id=reservation_id)


@pytest.fixture(scope="session")
def asks() -> Asks:
    """What tests ask with."""
    return Asks()


@pytest.fixture
def catalogue_with(tmp_path: Path) -> Callable[..., Path]:
    """Writes the shipped catalogue into a folder, with pieces of text replaced."""

    def write(**replacements: dict[str, str]) -> Path:
        for name in ("products", "lenders", "policy"):
            text = (Path(shipped.__file__).parent / f"{name}.yaml").read_text(encoding="utf-8")
            for old, new in replacements.get(name, {}).items():
                assert old in text, f"{name}.yaml has no {old!r}"
                text = text.replace(old, new, 1)
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write
