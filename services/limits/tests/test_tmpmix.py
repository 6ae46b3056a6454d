"""Real concurrency on a real PostgreSQL: no cap is passed, nothing is held twice, every balance agrees."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import grpc
from sycee.limits.v1 import limits_pb2 as pb
from sycee_service.testing import until


def fen(money: Any) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)


async def test_one_merchant_is_never_lent_more_than_its_limit(ledger: Any, asks: Any) -> None:
    limit = fen((await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote.limit)
    answers = await asyncio.gather(*(ledger.stub.Reserve(asks.reserve(f"r{number}")) for number in range(24)))
    held = [fen(answer.reservation.amount) for answer in answers if answer.HasField("reservation")]
    assert 5_000_000 <= sum(held) <= limit
    assert sum(held) > limit - 500_000  # less than the product's smallest loan is left
    assert await ledger.used_fen("merchant/m1") == sum(held)
    for answer in answers:
        if not answer.HasField("reservation"):
            assert answer.quote.reasons[0].code in {"MERCHANT_LIMIT_USED", "DEBT_SERVICE_TOO_HIGH"}
    await ledger.assert_sound()


async def test_two_for_one_limit(ledger: Any, asks: Any) -> None:
    """The second sees what the first holds, whichever comes first, for a merchant that was never seen before too."""
    limit = fen((await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote.limit)
    for turn in range(8):
        merchant = f"pair{turn}"
        pair = (
            asks.reserve(f"{merchant}-{side}", merchant_id=merchant, requested_fen=20_000_000) for side in ("a", "b")
        )
        answers = await asyncio.gather(*(ledger.stub.Reserve(request) for request in pair))
        held = [fen(answer.reservation.amount) for answer in answers if answer.HasField("reservation")]
        assert held == [limit]
    await ledger.assert_sound()


async def test_64_at_once_fill_one_lender_to_the_fen(start: Any, asks: Any, catalogue_with: Any) -> None:
    folder = catalogue_with(lenders={"programme_limit_yuan: 400000000": "programme_limit_yuan: 1017000"})
    async with start(folder) as ledger:
        requests = [asks.reserve(f"r{n}", merchant_id=f"m{n}", lender_id="river-bank") for n in range(64)]
        answers = await asyncio.gather(*(ledger.stub.Reserve(request) for request in requests))
        held = [fen(answer.reservation.amount) for answer in answers if answer.HasField("reservation")]
        assert sum(held) == 101_700_000
        assert sorted(held) == [1_700_000] + [5_000_000] * 20
        assert await ledger.used_fen("lender/river-bank") == 101_700_000
        assert await ledger.used_fen("product/shopkeeper") == 101_700_000
        assert all(
            answer.quote.reasons[0].code == "LENDER_BOOK_FULL"
            for answer in answers
            if not answer.HasField("reservation")
        )
        await ledger.assert_sound()


async def test_when_a_lender_fills_up_the_next_one_lends(start: Any, asks: Any, catalogue_with: Any) -> None:
    folder = catalogue_with(lenders={"programme_limit_yuan: 400000000": "programme_limit_yuan: 100000"})
    async with start(folder) as ledger:
        requests = [asks.reserve(f"r{n}", merchant_id=f"m{n}") for n in range(16)]
        answers = await asyncio.gather(*(ledger.stub.Reserve(request) for request in requests))
        assert all(fen(answer.reservation.amount) == 5_000_000 for answer in answers)
        lenders = [answer.reservation.lender_id for answer in answers]
        assert (lenders.count("river-bank"), lenders.count("hill-microloan")) == (2, 14)
        await ledger.assert_sound()


async def test_the_same_request_at_once_holds_once(ledger: Any, asks: Any) -> None:
    request = asks.reserve("r1")
    answers = await asyncio.gather(*(ledger.stub.Reserve(request) for _ in range(12)))
    assert all(answer == answers[0] for answer in answers)
    assert await ledger.used_fen("merchant/m1") == 5_000_000
    await ledger.assert_sound()


async def test_a_hold_ends_once(ledger: Any, asks: Any) -> None:
    """Captures of different amounts and voids at once: one wins, and the ledger says which."""
    for turn in range(6):
        name = f"r{turn}"
        await ledger.stub.Reserve(asks.reserve(name, merchant_id=name, requested_fen=1_000_000))
        captures = [ledger.stub.Capture(asks.capture(name, amount)) for amount in (400_000, 500_000, 1_000_000)]
        outcomes = await asyncio.gather(*captures, ledger.stub.Void(asks.void(name)), return_exceptions=True)
        won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        assert len(won) == 1
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, grpc.aio.AioRpcError)
                assert outcome.code() is grpc.StatusCode.FAILED_PRECONDITION
        drawn = fen(won[0].facility.drawn) if isinstance(won[0], pb.CaptureResponse) else 0
        assert await ledger.used_fen(f"merchant/{name}") == drawn
    await ledger.assert_sound()


class Mix:
    """Random clients of two services on one database, near the caps of lender and product."""

    def __init__(self, services: list[Any], asks: Any, seed: int) -> None:
        self._services = services
        self._asks = asks
        self._random = random.Random(seed)

    async def client(self, numbers: range) -> None:
        """Holds and ends one thing after another; now and then the clock steps."""
        for number in numbers:
            ledger = self._random.choice(self._services)
            if await self._hold(ledger, f"r{number}"):
                await self._end(ledger, f"r{number}")
            if self._random.random() < 0.1:
                ledger.clock.advance(timedelta(seconds=7))
            assert await ledger.used_fen("lender/river-bank") <= 30_000_000
            assert await ledger.used_fen("product/shopkeeper") <= 70_000_000

    async def _hold(self, ledger: Any, name: str) -> bool:
        request = self._asks.reserve(
            name,
            merchant_id=f"m{self._random.randrange(6)}",
            requested_fen=self._random.randrange(500_000, 6_000_000),
            hold_for_s=self._random.choice([5, 30, 3_600]),
        )
        return bool((await ledger.stub.Reserve(request)).HasField("reservation"))

    async def _end(self, ledger: Any, name: str) -> None:
        ending = self._random.choice(["all", "part", "void", "leave", "leave"])
        if ending == "leave":
            return
        if ending == "void":
            call = ledger.stub.Void(self._asks.void(name))
        else:
            amount_fen = self._random.randrange(1, 500_000) if ending == "part" else None
            call = ledger.stub.Capture(self._asks.capture(name, amount_fen))
        try:
            await call
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:  # its time ran out meanwhile
                raise


async def test_a_random_mix_leaves_every_balance_as_its_entries_say(start: Any, asks: Any, catalogue_with: Any) -> None:
    """Holds, draws, voids, clock steps and sweeps of two services at once."""
    folder = catalogue_with(
        lenders={"programme_limit_yuan: 400000000": "programme_limit_yuan: 300000"},
        products={"programme_limit_yuan: 300000000": "programme_limit_yuan: 700000"},
    )
    often = {"sweep_interval_ms": 10, "sweep_batch": 5}
    async with start(folder, **often) as ledger, start(folder, **often) as other:
        mix = Mix([ledger, other], asks, seed=20261124)
        await asyncio.gather(*(mix.client(range(first, 160, 16)) for first in range(16)))
        await ledger.assert_sound()
        ledger.clock.advance(timedelta(hours=2))

        async def all_ended() -> bool:
            async with ledger.database.reading() as tx:
                return not await tx.driver.fetchval("select count(*) from reservation where state = 'HELD'")

        await until(all_ended)
        await ledger.assert_sound()
        async with ledger.database.reading() as tx:
            assert await tx.driver.fetchval("select sum(held_fen) from account") == 0
            assert await tx.driver.fetchval("select count(*) from facility") > 0
            assert await tx.driver.fetchval("select count(*) from reservation where state = 'EXPIRED'") > 0
    await asyncio.sleep(1.5)
    import asyncpg
    c = await asyncpg.connect(ledger.url)
    print("DEADLOCKS", await c.fetchval("select deadlocks from pg_stat_database where datname=current_database()"), await c.fetchval("select count(*) from entry"))
    await c.close()
