"""Holds over gRPC on a real PostgreSQL: what is held, drawn, let go and expired, and what the ledger says of it."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from sycee.common.v1 import common_pb2
from sycee.limits.v1 import limits_pb2 as pb
from sycee_limits.store import LimitsStore
from sycee_service.testing import until

State = pb.Reservation.State


def fen(money: Any) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason in the error's ErrorInfo."""
    status = status_pb2.Status()
    trailing = dict(error.trailing_metadata() or ())
    status.ParseFromString(trailing["grpc-status-details-bin"])
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            assert info.domain == "sycee"
            return str(info.reason)
    raise AssertionError("no ErrorInfo")


async def refused(call: Any, code: grpc.StatusCode, reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() is code, raised.value.details()
    assert reason_of(raised.value) == reason


async def kinds(ledger: Any, **query: Any) -> list[str]:
    listed = await ledger.stub.ListEntries(pb.ListEntriesRequest(**query))
    for entry in listed.entries:
        assert sum(line.amount_fen for line in entry.lines) == 0
    return [entry.kind for entry in listed.entries]


async def test_a_hold_takes_room_from_merchant_product_and_lender(ledger: Any, asks: Any) -> None:
    answer = await ledger.stub.Reserve(asks.reserve("r1"))
    assert answer.quote.offered
    assert answer.quote.amount == answer.reservation.amount
    assert answer.reservation.state == State.STATE_HELD
    assert answer.reservation.expires_at.ToSeconds() == int((ledger.clock.now() + timedelta(hours=72)).timestamp())
    for account in ("merchant/m1", "product/shopkeeper", "lender/river-bank"):
        assert await ledger.used_fen(account) == 5_000_000
    again = await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))
    assert fen(again.quote.limit) < 20_000_000 - 5_000_000
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE"]
    await ledger.assert_sound()


async def test_a_quote_holds_nothing(ledger: Any, asks: Any) -> None:
    quotes = [(await ledger.stub.QuoteLimit(asks.quote())).quote for _ in range(3)]
    assert quotes[0] == quotes[1] == quotes[2]
    assert await kinds(ledger) == []
    assert await ledger.used_fen("merchant/m1") == 0


async def test_nothing_offered_holds_nothing(ledger: Any, asks: Any) -> None:
    answer = await ledger.stub.Reserve(asks.reserve("r1", months_of_history=1))
    assert not answer.quote.offered
    assert not answer.HasField("reservation")
    assert not answer.quote.HasField("amount")
    assert answer.quote.lender_id == ""
    assert [reason.code for reason in answer.quote.reasons] == ["HISTORY_TOO_SHORT"]
    assert await kinds(ledger) == []


async def test_a_hold_is_judged_as_of_its_day_and_runs_from_now(ledger: Any, asks: Any) -> None:
    """双11 of 2026 was in season on 1 October and is over today."""
    changes: dict[str, Any] = {"product_id": "festival", "term_months": 3, "requested_fen": 2_000_000}
    then = await ledger.stub.Reserve(asks.reserve("r1", as_of=date(2026, 10, 1), **changes))
    assert then.quote.offered
    assert then.reservation.expires_at.ToDatetime(tzinfo=UTC) == ledger.clock.now() + timedelta(hours=72)
    late = await ledger.stub.QuoteLimit(asks.quote(as_of=date(2026, 11, 12), merchant_id="m2", **changes))
    assert [reason.code for reason in late.quote.reasons] == ["OUT_OF_SEASON"]


async def test_a_capture_draws_it_all(ledger: Any, asks: Any) -> None:
    held = (await ledger.stub.Reserve(asks.reserve("r1"))).reservation
    answer = await ledger.stub.Capture(asks.capture("r1"))
    assert answer.reservation.state == State.STATE_CAPTURED
    assert answer.reservation.facility_id == answer.facility.facility_id
    assert answer.facility.limit == answer.facility.drawn == held.amount
    assert answer.facility.state == pb.Facility.STATE_ACTIVE
    assert answer.facility.repayment_method == common_pb2.REPAYMENT_METHOD_EQUAL_INSTALMENT
    read = await ledger.stub.GetFacility(pb.GetFacilityRequest(facility_id=answer.facility.facility_id))
    assert read.facility == answer.facility
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE", "CAPTURE"]
    assert await ledger.used_fen("lender/river-bank") == 5_000_000
    await ledger.assert_sound()


async def test_a_part_captured_lets_the_rest_go(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    answer = await ledger.stub.Capture(asks.capture("r1", 1_234_567))
    assert fen(answer.facility.drawn) == 1_234_567
    assert fen(answer.reservation.amount) == 5_000_000
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE", "CAPTURE", "RELEASE"]
    for account in ("merchant/m1", "product/shopkeeper", "lender/river-bank"):
        assert await ledger.used_fen(account) == 1_234_567
    await ledger.assert_sound()


async def test_a_void_lets_all_of_it_go(ledger: Any, asks: Any) -> None:
    before = (await ledger.stub.QuoteLimit(asks.quote())).quote
    await ledger.stub.Reserve(asks.reserve("r1"))
    for _ in range(2):
        assert (await ledger.stub.Void(asks.void("r1"))).reservation.state == State.STATE_VOIDED
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE", "RELEASE"]
    assert (await ledger.stub.QuoteLimit(asks.quote())).quote == before
    await ledger.assert_sound()


async def test_endings_exclude_each_other(ledger: Any, asks: Any) -> None:
    for name in ("captured", "voided"):
        await ledger.stub.Reserve(asks.reserve(name, requested_fen=1_000_000))
    await ledger.stub.Capture(asks.capture("captured", 600_000))
    await ledger.stub.Void(asks.void("voided"))
    precondition = grpc.StatusCode.FAILED_PRECONDITION
    await refused(ledger.stub.Void(asks.void("captured")), precondition, "RESERVATION_CAPTURED")
    await refused(ledger.stub.Capture(asks.capture("voided")), precondition, "RESERVATION_VOIDED")
    await refused(ledger.stub.Capture(asks.capture("captured")), precondition, "RESERVATION_CAPTURED")
    same = await ledger.stub.Capture(asks.capture("captured", 600_000))
    assert fen(same.facility.drawn) == 600_000
    await ledger.assert_sound()


async def test_a_capture_above_the_hold_is_refused(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    await refused(
        ledger.stub.Capture(asks.capture("r1", 5_000_001)), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"
    )
    assert await kinds(ledger) == ["RESERVE"]


async def test_what_is_not_there_is_not_found(ledger: Any, asks: Any) -> None:
    missing = grpc.StatusCode.NOT_FOUND
    stub = ledger.stub
    await refused(stub.Capture(asks.capture("none")), missing, "RESERVATION_NOT_FOUND")
    await refused(stub.Void(asks.void("none")), missing, "RESERVATION_NOT_FOUND")
    await refused(stub.GetFacility(pb.GetFacilityRequest(facility_id="none")), missing, "FACILITY_NOT_FOUND")
    await refused(stub.QuoteLimit(asks.quote(product_id="none")), missing, "PRODUCT_NOT_FOUND")
    await refused(stub.QuoteLimit(asks.quote(lender_id="none")), missing, "LENDER_NOT_FOUND")
    await refused(stub.Reserve(asks.reserve("r1", product_id="none")), missing, "PRODUCT_NOT_FOUND")


async def test_a_reservation_id_is_used_once(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    exists = grpc.StatusCode.ALREADY_EXISTS
    await refused(ledger.stub.Reserve(asks.reserve("r1")), exists, "RESERVATION_EXISTS")
    await refused(ledger.stub.Reserve(asks.reserve("r1", merchant_id="m2")), exists, "RESERVATION_EXISTS")
    await ledger.assert_sound()


async def test_the_same_request_gets_the_same_answer(ledger: Any, asks: Any) -> None:
    request = asks.reserve("r1")
    first = await ledger.stub.Reserve(request)
    await ledger.stub.Reserve(asks.reserve("r2"))
    assert await ledger.stub.Reserve(request) == first
    capture = asks.capture("r1", 2_000_000)
    drawn = await ledger.stub.Capture(capture)
    assert await ledger.stub.Capture(capture) == drawn
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE", "RESERVE", "CAPTURE", "RELEASE"]
    request.application.months_of_history = 13
    await refused(ledger.stub.Reserve(request), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_a_hold_runs_out(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1", hold_for_s=60))
    ledger.clock.advance(timedelta(seconds=60))
    await refused(ledger.stub.Capture(asks.capture("r1")), grpc.StatusCode.FAILED_PRECONDITION, "RESERVATION_EXPIRED")
    voided = (await ledger.stub.Void(asks.void("r1"))).reservation
    assert voided.state == State.STATE_EXPIRED
    await ledger.assert_sound()


async def test_a_hold_is_good_until_its_last_moment(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1", hold_for_s=60))
    ledger.clock.advance(timedelta(seconds=60) - timedelta(microseconds=1))
    assert (await ledger.stub.Capture(asks.capture("r1"))).facility.facility_id


async def test_a_hold_that_ran_out_no_longer_counts(ledger: Any, asks: Any) -> None:
    """Not for a quote, and not for the next hold, though nothing swept yet; its expiry is posted on the way."""
    whole = fen((await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote.limit)
    await ledger.stub.Reserve(asks.reserve("r1", requested_fen=20_000_000, hold_for_s=60))
    assert not (await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote.offered
    ledger.clock.advance(timedelta(seconds=61))
    assert fen((await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote.limit) == whole
    again = await ledger.stub.Reserve(asks.reserve("r2", requested_fen=20_000_000))
    assert fen(again.reservation.amount) == whole
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE", "EXPIRE", "RESERVE"]
    await ledger.assert_sound()


async def test_room_that_another_merchants_hold_left_is_used_at_once(
    start: Any, asks: Any, catalogue_with: Any
) -> None:
    """The lender's book is full of holds that ran out and that nothing swept: the next one may have it."""
    folder = catalogue_with(lenders={"programme_limit_yuan: 400000000": "programme_limit_yuan: 100000"})
    async with start(folder) as ledger:
        for name in ("a", "b"):
            held = await ledger.stub.Reserve(
                asks.reserve(name, merchant_id=name, lender_id="river-bank", hold_for_s=60)
            )
            assert held.HasField("reservation")
        full = await ledger.stub.Reserve(asks.reserve("c", merchant_id="c", lender_id="river-bank"))
        assert [reason.code for reason in full.quote.reasons] == ["LENDER_BOOK_FULL"]
        ledger.clock.advance(timedelta(seconds=61))
        held = await ledger.stub.Reserve(asks.reserve("d", merchant_id="d", lender_id="river-bank"))
        assert fen(held.reservation.amount) == 5_000_000
        assert await ledger.used_fen("lender/river-bank") == 5_000_000
        await ledger.assert_sound()


async def test_the_sweep_posts_what_ran_out_in_batches(start: Any, asks: Any) -> None:
    async with start(sweep_interval_ms=20, sweep_batch=3) as ledger:
        for number in range(10):
            await ledger.stub.Reserve(
                asks.reserve(f"r{number}", merchant_id=f"m{number % 4}", requested_fen=1_000_000, hold_for_s=60)
            )
        ledger.clock.advance(timedelta(seconds=61))

        async def swept() -> bool:
            return await ledger.used_fen("lender/river-bank") == 0

        await until(swept)
        assert (await kinds(ledger)).count("EXPIRE") == 10
        await ledger.assert_sound()


async def test_a_merchants_debt_here_counts_in_its_debt_service(ledger: Any, asks: Any) -> None:
    async def room() -> int:
        quote = (await ledger.stub.QuoteLimit(asks.quote(requested_fen=20_000_000))).quote
        return next(fen(bound.amount) for bound in quote.constraints if bound.code == "DEBT_SERVICE")

    before = await room()
    await ledger.stub.Reserve(asks.reserve("r1"))
    held = await room()
    assert before - held == pytest.approx(5_000_000, abs=20_000)
    await ledger.stub.Capture(asks.capture("r1"))
    assert await room() == held


async def test_entries_are_paged_and_filtered(ledger: Any, asks: Any) -> None:
    for number in range(5):
        await ledger.stub.Reserve(asks.reserve(f"r{number}", merchant_id=f"m{number % 2}", requested_fen=1_000_000))
    await ledger.stub.Capture(asks.capture("r0", 600_000))
    seen: list[int] = []
    token = ""
    while True:
        page = await ledger.stub.ListEntries(pb.ListEntriesRequest(page_size=2, page_token=token))
        assert len(page.entries) <= 2
        seen.extend(entry.entry_id for entry in page.entries)
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == 7
    assert await kinds(ledger, merchant_id="m1") == ["RESERVE"] * 2
    assert await kinds(ledger, account="lender/river-bank/drawn") == ["CAPTURE"]
    assert await kinds(ledger, account="merchant/m0/available") == ["RESERVE"] * 3 + ["RELEASE"]
    assert await kinds(ledger, account="lender/river-bank") == ["RESERVE"] * 5 + ["CAPTURE", "RELEASE"]
    assert await kinds(ledger, account="lender/river-bank/held", merchant_id="m1") == ["RESERVE"] * 2
    assert await kinds(ledger, account="lender/hill-microloan") == []


async def test_entries_cannot_be_changed(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    async with ledger.database.reading() as tx:
        for statement in (
            "update entry set kind = 'RELEASE'",
            "delete from movement",
            "truncate entry cascade",
        ):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await tx.driver.execute(statement)
        for movement in ("1, -5, 0", "-6, 5, 0", "0, 0, 0"):
            with pytest.raises(asyncpg.CheckViolationError):
                await tx.driver.execute(
                    f"insert into movement select max(entry_id), 'lender/hill-microloan', {movement} from entry"
                )
        with pytest.raises(asyncpg.CheckViolationError):
            await tx.driver.execute("update account set held_fen = -1")


async def test_the_check_of_balances_can_fail(ledger: Any, asks: Any) -> None:
    await ledger.stub.Reserve(asks.reserve("r1"))
    await ledger.stub.Capture(asks.capture("r1", 2_000_000))
    store: LimitsStore = ledger.store
    async with ledger.database.reading() as tx:
        for wrong, right in (
            ("update account set held_fen = held_fen + 1 where account = 'merchant/m1'", "held_fen = held_fen - 1"),
            ("update account set drawn_fen = drawn_fen - 1 where account = 'merchant/m1'", "drawn_fen = drawn_fen + 1"),
        ):
            await tx.driver.execute(wrong)
            assert [one.account for one in await store.verify()] == ["merchant/m1"]
            await tx.driver.execute(f"update account set {right} where account = 'merchant/m1'")
        await tx.driver.execute("update facility set drawn_fen = drawn_fen - 1")
        assert len(await store.verify()) == 3
        await tx.driver.execute("update facility set drawn_fen = drawn_fen + 1")
        await tx.driver.execute(
            "with e as (insert into entry (kind, reservation_id, merchant_id, posted_at) "
            "values ('RESERVE', 'x', 'm1', now()) returning entry_id) "
            "insert into movement select entry_id, 'merchant/m1', -1, 1, 0 from e"
        )
    assert any("not balanced" in one.text for one in await store.verify())
