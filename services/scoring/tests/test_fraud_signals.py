"""The rules about fraud: they never fall as signs grow, and one sign alone never blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from fraud_scenes import NOW, application
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_scoring.fraud import judgement as by
from sycee_scoring.fraud.assessment import Action, Assessment, Finding, action_of, conclude
from sycee_scoring.fraud.evidence import Application, DocumentSign, Trade
from sycee_scoring.fraud.money import payouts_over_sales, strangers_on_account, sudden_inflow
from sycee_scoring.fraud.signals import assess
from sycee_scoring.fraud.surroundings import FarMember, Kind, Member, Shared, Surroundings, Verdict
from sycee_scoring.fraud.ties import closeness, fading, mass, reach_of_fraud
from sycee_scoring.fraud.words import SIGNS, Group

MOST = {
    "CONFIRMED_FRAUD": by.FRAUD_POINTS,
    "LINKED_TO_FRAUD": by.LINKED_POINTS,
    "SHARED_ACCOUNT": by.TIES[Kind.ACCOUNT].points,
    "SHARED_DEVICE": by.TIES[Kind.DEVICE].points,
    "SHARED_OPERATOR": max(by.TIES[Kind.OPERATOR].points, by.TIES[Kind.LICENCE].points),
    "SHARED_PHONE": by.TIES[Kind.PHONE].points,
    "SHARED_ADDRESS": by.TIES[Kind.ADDRESS].points,
    "SHARED_NETWORK": by.TIES[Kind.NETWORK].points,
    "RING_TOGETHER": by.TOGETHER_POINTS,
    "APPLICATIONS_FAST": by.OWN_SPEED_POINTS,
    "SHARED_APPLICATIONS_FAST": by.SHARED_SPEED_POINTS,
    "MULE_ACCOUNT": by.MULE_POINTS,
    "SUDDEN_INFLOW": by.INFLOW_POINTS,
    "PAYOUTS_ABOVE_SALES": by.PAYOUT_POINTS,
    "BRUSHING": by.BRUSHING_POINTS,
    "DOCUMENT_SIGNS": by.DOCUMENT_POINTS,
}
SHARES = st.floats(0.0, 1.0)
COUNTS = st.integers(0, 40)


def ring(*kinds: Kind, others: int, **facts: object) -> Surroundings:
    """Others who share one thing of each kind with the applicant, and nothing else."""
    things = tuple(Shared(number, kind, others + 1, walked=True) for number, kind in enumerate(kinds))
    members = tuple(Member(things, operator=100 + number, **facts) for number in range(others))  # type: ignore[arg-type] # by name
    return Surroundings(NOW, operator_known=True, operators=frozenset({99}), attributes=things, members=members)


def points(found: Assessment) -> dict[str, int]:
    return {signal.code: signal.points for signal in found.signals}


def test_every_sign_has_a_bound_and_there_are_as_many_as_an_assessment_may_name() -> None:
    assert {sign.code for sign in SIGNS} == set(MOST)
    assert len(SIGNS) == 16


def test_texts_are_in_both_languages() -> None:
    for sign in SIGNS:
        assert re.search(r"[\u4e00-\u9fff]", sign.zh.format(0.5))
        assert sign.en.format(0.5).isascii()


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.code)
def test_one_sign_alone_never_blocks_but_for_fraud_of_its_own(sign):  # type: ignore[no-untyped-def]
    action = action_of([Finding(sign, MOST[sign.code], 1.0)])
    assert (action is Action.BLOCK) == (sign.code == "CONFIRMED_FRAUD")


@given(st.lists(st.sampled_from([sign for sign in SIGNS if sign.group is Group.RING]), unique=True))
def test_one_kind_of_evidence_alone_never_blocks(signs):  # type: ignore[no-untyped-def]
    assert action_of([Finding(sign, MOST[sign.code], 1.0) for sign in signs]) is not Action.BLOCK


@given(st.dictionaries(st.sampled_from(SIGNS), st.tuples(COUNTS, COUNTS), min_size=1))
def test_more_points_never_give_a_lower_score_or_a_milder_action(drawn):  # type: ignore[no-untyped-def]
    less = [Finding(sign, 25 * few, 1.0) for sign, (few, _) in drawn.items()]
    more = [Finding(sign, 25 * (few + extra), 1.0) for sign, (few, extra) in drawn.items()]
    before, after = conclude(less, 0, 0), conclude(more, 0, 0)
    assert after.score >= before.score
    assert after.action >= before.action
    assert after.score == sum(signal.points for signal in after.signals) <= by.MOST_POINTS
    assert [signal.points for signal in after.signals] == sorted((s.points for s in after.signals), reverse=True)


@st.composite
def worse_pairs(draw):  # type: ignore[no-untyped-def]
    """An applicant with what stands around it, and the same with one thing worse."""
    ratio = draw(st.floats(0.05, 3.0))
    signs = tuple(DocumentSign("d", f"C{n}", strength) for n, strength in enumerate(draw(st.lists(SHARES, max_size=4))))
    trade = Trade(draw(st.integers(0, 12)), tuple(draw(st.lists(st.integers(0, 40_000_000), min_size=2, max_size=8))))
    mine = replace(application("m"), fake_share=draw(SHARES), settlement_ratio=ratio, signs=signs, trade=trade)
    kinds = draw(st.lists(st.sampled_from(Kind), min_size=1, max_size=3, unique=True))
    around = ring(*kinds, others=draw(st.integers(1, 12)), applications=(0, 0, 1, 1))
    around = replace(around, applications=(0, draw(COUNTS), 40, 40), opened_on=date(2026, 11, 1))
    first = around.members[0]

    def with_first(**facts: object) -> Surroundings:
        return replace(around, members=(replace(first, **facts), *around.members[1:]))  # type: ignore[arg-type] # by name

    far = FarMember((0,), Kind.ACCOUNT, 3, Verdict.CONFIRMED, NOW)
    worse = {
        "fake": (replace(mine, fake_share=draw(st.floats(mine.fake_share or 0.0, 1.0))), around),
        "payouts": (replace(mine, settlement_ratio=ratio * draw(SHARES)), around),
        "sign": (replace(mine, signs=(*signs, DocumentSign("e", "X", draw(SHARES)))), around),
        "inflow": (replace(mine, trade=_later_more(trade, draw(st.integers(0, 40_000_000)))), around),
        "own fraud": (mine, replace(around, verdict=Verdict.CONFIRMED, found_at=NOW)),
        "near fraud": (mine, with_first(verdict=Verdict.CONFIRMED, found_at=NOW)),
        "far fraud": (mine, replace(around, far=(far,), far_count=1, far_confirmed=1)),
        "own applications": (
            mine,
            replace(around, applications=(around.applications[0] + 5, *around.applications[1:])),
        ),
        "their applications": (mine, with_first(applications=(0, 5, 9, 30))),
        "opened together": (mine, with_first(opened_on=date(2026, 11, 2))),
        "applied together": (mine, with_first(first_applied_at=NOW - timedelta(days=1))),
    }
    name = draw(st.sampled_from(sorted(worse)))
    return name, (mine, around), worse[name]


def _later_more(trade: Trade, fen: int) -> Trade:
    *before, last, newest = trade.weekly_net_fen
    return replace(trade, weekly_net_fen=(*before, last + fen, newest + fen))


@settings(max_examples=150, deadline=None)
@given(worse_pairs())
def test_nothing_that_is_worse_gives_less(drawn):  # type: ignore[no-untyped-def]
    _name, before, after = drawn
    less, more = assess(*before), assess(*after)
    assert more.score >= less.score
    assert more.action >= less.action
    assert len(more.signals) <= 16


def test_a_clean_applicant_has_no_sign() -> None:
    found = assess(application("m"), Surroundings(NOW))
    assert (found.score, found.action, found.signals) == (0, Action.ALLOW, ())


def test_what_is_not_known_is_never_bad() -> None:
    alone = Application("m", NOW, "a")
    assert assess(alone, Surroundings(NOW)).score == 0


@given(st.sampled_from(Kind), st.integers(2, 1_000))
def test_the_more_share_something_the_less_it_ties(kind, sharers):  # type: ignore[no-untyped-def]
    assert 0.0 < fading(kind, sharers + 1) < fading(kind, sharers) <= 1.0


def test_a_park_ties_less_than_a_device_and_its_crowd_stays_below_review() -> None:
    park, farm = ring(Kind.ADDRESS, Kind.NETWORK, others=80), ring(Kind.DEVICE, others=80)
    assert 10 * closeness(park.members[0]) < closeness(farm.members[0])
    assert 20 * mass(park, Kind.ADDRESS) < mass(farm, Kind.DEVICE)
    assert assess(application("m"), park).score < by.REVIEW_FROM / 4


def test_a_hub_of_an_address_says_nothing_and_one_of_an_account_much() -> None:
    def hub(kind: Kind) -> Surroundings:
        return Surroundings(NOW, attributes=(Shared(1, kind, 5_000, walked=False),))

    assert assess(application("m"), hub(Kind.ADDRESS)).score == 0
    assert assess(application("m"), hub(Kind.ACCOUNT)).score == by.TIES[Kind.ACCOUNT].points


def test_a_couple_with_one_phone_and_address_is_let_through_and_a_farm_blocked() -> None:
    couple = ring(Kind.PHONE, Kind.ADDRESS, Kind.DEVICE, others=1, first_applied_at=NOW)
    assert assess(application("m"), couple).action is Action.ALLOW
    farm = ring(Kind.DEVICE, Kind.ACCOUNT, others=9, first_applied_at=NOW - timedelta(days=2))
    found = assess(application("m"), farm)
    assert found.action is Action.BLOCK
    assert {"SHARED_DEVICE", "SHARED_ACCOUNT", "RING_TOGETHER", "MULE_ACCOUNT"} <= set(points(found))


def test_guilt_fades_with_steps_and_with_how_many_share() -> None:
    near = ring(Kind.DEVICE, others=1, verdict=Verdict.CONFIRMED, found_at=NOW)
    far = replace(
        ring(Kind.DEVICE, others=1), far=(FarMember((0,), Kind.DEVICE, 2, Verdict.CONFIRMED, NOW),), far_confirmed=1
    )
    crowd = ring(Kind.DEVICE, others=60)
    one_of_many = replace(
        crowd, members=(replace(crowd.members[0], verdict=Verdict.CONFIRMED, found_at=NOW), *crowd.members[1:])
    )
    reach = reach_of_fraud(near)
    assert reach == pytest.approx(0.7)
    assert reach_of_fraud(far) == pytest.approx(0.5 * 0.7 * 0.7)
    assert reach_of_fraud(one_of_many) < reach_of_fraud(far)
    assert reach_of_fraud(ring(Kind.DEVICE, others=1)) == 0.0


def test_a_clearing_calms_what_came_before_it_and_no_fraud_found_later() -> None:
    guilty = ring(Kind.DEVICE, others=1, verdict=Verdict.CONFIRMED, found_at=NOW - timedelta(days=2))
    cleared = replace(guilty, verdict=Verdict.CLEARED, found_at=NOW - timedelta(days=1))
    cleared_before = replace(guilty, verdict=Verdict.CLEARED, found_at=NOW - timedelta(days=3))
    long_ago = replace(guilty, verdict=Verdict.CLEARED, found_at=NOW - by.CALM_FOR - timedelta(days=1))
    assert reach_of_fraud(cleared) == pytest.approx(by.CALM * reach_of_fraud(guilty))
    assert reach_of_fraud(cleared_before) == reach_of_fraud(long_ago) == reach_of_fraud(guilty)


def test_a_cleared_member_ties_less_and_passes_less_on() -> None:
    plain = replace(ring(Kind.DEVICE, others=5), far=(FarMember((0,), Kind.ACCOUNT, 2, Verdict.CONFIRMED, NOW),))
    calm = replace(plain, members=tuple(replace(m, verdict=Verdict.CLEARED, found_at=NOW) for m in plain.members))
    assert mass(calm, Kind.DEVICE) == pytest.approx(by.CALM * mass(plain, Kind.DEVICE))
    assert reach_of_fraud(calm) == pytest.approx(by.CALM * reach_of_fraud(plain))


def test_relatives_and_silence_are_no_strangers_on_an_account() -> None:
    strangers = ring(Kind.ACCOUNT, others=4)
    assert strangers_on_account(strangers) == 4
    assert strangers_on_account(ring(Kind.ACCOUNT, Kind.LICENCE, others=4)) == 0
    assert strangers_on_account(replace(strangers, operator_known=False)) == 0
    assert strangers_on_account(replace(strangers, operators=frozenset())) == 4  # its own is new
    unknown = replace(strangers, members=tuple(replace(m, operator=None) for m in strangers.members))
    assert strangers_on_account(unknown) == 0


@pytest.mark.parametrize(
    ("trade", "fires"),
    [
        (Trade(2, (400_000, 500_000, 20_000_000, 30_000_000)), True),
        (Trade(0, (20_000_000, 30_000_000)), True),
        (Trade(8, (400_000, 500_000, 20_000_000, 30_000_000)), False),  # not new
        (Trade(2, (400_000, 500_000, 20_000_000, 300_000)), False),  # one week is a festival
        (Trade(2, (9_000_000, 9_000_000, 20_000_000, 30_000_000)), False),  # growth
        (Trade(0, (20_000_000,)), False),
        (None, False),
    ],
)
def test_inflow_is_sudden_in_new_shops_only(trade: Trade | None, fires: bool) -> None:
    assert (sudden_inflow(trade)[0] > 0.0) == fires


@pytest.mark.parametrize(
    ("ratio", "times", "fires"),
    [
        (None, 0.0, False),
        (1.0, 1.0, False),
        (0.7, 1 / 0.7, False),
        (0.25, 4.0, True),
        (0.0, 100.0, True),
        (-3.0, 100.0, True),
    ],
)
def test_payouts_far_above_sales(ratio: float | None, times: float, fires: bool) -> None:
    strength, value = payouts_over_sales(ratio)
    assert value == pytest.approx(times)
    assert (strength > 0.0) == fires


def test_a_merchant_that_compares_offers_is_not_fast_and_one_that_tries_on_is() -> None:
    def own(*counts: int) -> Assessment:
        return assess(application("m"), Surroundings(NOW, applications=counts))  # type: ignore[arg-type] # four

    assert own(2, 4, 6, 8).score == 0
    assert points(own(11, 11, 11, 11)) == {"APPLICATIONS_FAST": round(by.OWN_SPEED_POINTS * 0.75)}


def test_one_forgery_seen_ten_times_counts_once() -> None:
    once = replace(application("m"), signs=(DocumentSign("d", "COPY_MOVE", 0.6),))
    often = replace(once, signs=once.signs * 10)
    two = replace(once, signs=(*once.signs, DocumentSign("d", "REGISTER_NAME_DIFFERS", 0.6)))
    score = [assess(one, Surroundings(NOW)).score for one in (once, often, two)]
    assert score[0] == score[1] < score[2]


def test_a_digest_is_not_shown() -> None:
    shown = repr(application("m", (Kind.PHONE, "p")))
    assert "Attribute(PHONE)" in shown
    assert "\\x" not in shown
