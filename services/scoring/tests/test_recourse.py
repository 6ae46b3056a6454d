"""Recourse reaches its target by scoring again, is tight, stays within bounds and touches nothing it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_explained import few, panel, scorable
from scoring_merchants import MONTHLY_FEN, evidence, report, trade
from sycee_scoring.domain.combine import Result
from sycee_scoring.domain.evidence import Evidence, Loan
from sycee_scoring.domain.recourse.action import Action
from sycee_scoring.domain.recourse.loan_actions import Offered
from sycee_scoring.domain.recourse.recourse import Outcome, Recourse, Target, find, points_of
from sycee_scoring.domain.recourse.search import MAX_RESCORINGS, Search, Step, actions_of, taken
from sycee_scoring.domain.recourse.wording import WORDING
from sycee_scoring.domain.scale import GRADE_CEILINGS, Grade

targets = st.one_of(
    st.just(Target()),
    st.sampled_from(Grade).map(lambda grade: Target(grade=grade)),
    st.integers(300, 850).map(lambda score: Target(min_score=score)),
    st.floats(0.001, 0.5).map(lambda most: Target(max_default_probability=most)),
)


def advise(merchant: Evidence, target: Target = Target()) -> Recourse:  # noqa: B008 - frozen
    before = panel().score(merchant)
    return find(merchant, before, target, panel().score_without_reasons, panel().score)


def reaches(result: Result, target: Target, before: Result) -> bool:
    if target.min_score is not None:
        return result.score >= target.min_score
    if target.max_default_probability is not None:
        return result.default_probability <= target.max_default_probability
    wanted = target.grade if target.grade is not None else Grade(max(before.grade - 1, 1))
    return result.grade <= wanted


def steps_of(merchant: Evidence, found: Recourse) -> tuple[Step, ...]:
    """The rungs behind an answer."""
    actions = {action.code: action for action in actions_of(merchant)}
    steps = []
    for change in found.changes:
        action = actions[change.code]
        rung = next(r for r in range(1, action.rungs + 1) if action.value_at(r) == change.then)
        steps.append(Step(action, rung))
    return tuple(steps)


@few(60)
@given(merchant=scorable, target=targets)
def test_the_steps_reach_the_target_and_no_smaller_one_does(merchant: Evidence, target: Target) -> None:
    before = panel().score(merchant)
    found = advise(merchant, target)
    if found.outcome is not Outcome.FOUND:
        assert found.changes == ()
        assert found.after is None
        assert (found.outcome is Outcome.MET) == reaches(before, target, before)
        return
    assert 1 <= len(found.changes) <= 4
    assert not reaches(before, target, before)
    steps = steps_of(merchant, found)
    assert found.changed == taken(merchant, steps)
    assert found.after == panel().score(found.changed)
    assert reaches(found.after, target, before)
    for place, step in enumerate(steps):
        smaller = (*steps[:place], Step(step.action, step.rung - 1), *steps[place + 1 :])
        assert not reaches(panel().score(taken(merchant, smaller)), target, before), step.action.code


@few(40)
@given(merchant=scorable, target=targets)
def test_points_are_those_of_the_steps_in_their_order(merchant: Evidence, target: Target) -> None:
    found = advise(merchant, target)
    if found.outcome is not Outcome.FOUND:
        return
    done: tuple[Step, ...] = ()
    points = points_of(panel().score(merchant))
    for step, change in zip(steps_of(merchant, found), found.changes, strict=True):
        done = (*done, step)
        then = points_of(panel().score(taken(merchant, done)))
        assert change.points == pytest.approx(then - points, abs=1e-9)
        points = then
    assert points == pytest.approx(points_of(found.after))


@few(60)
@given(merchant=scorable, data=st.data())
def test_actions_stay_within_their_bounds_and_leave_the_rest(merchant: Evidence, data: st.DataObject) -> None:
    for action in actions_of(merchant):
        assert action.take(merchant, 0) == merchant
        changed = action.take(merchant, data.draw(st.integers(1, action.rungs)))
        assert changed.traits == merchant.traits
        assert changed.repayments == merchant.repayments
        assert changed.merchant_id == merchant.merchant_id
        assert changed.loan.amount_fen >= 0.3 * merchant.loan.amount_fen - 100
        assert 1 <= changed.loan.term_months <= max(36, merchant.loan.term_months)
        if action.code != "KEEP_TRADING":
            assert (changed.day, changed.as_of) == (merchant.day, merchant.as_of)
        if changed.bureau is not None:
            assert changed.bureau.credit_lines_fen == merchant.bureau.credit_lines_fen
            assert changed.bureau.public_records == merchant.bureau.public_records
            assert changed.bureau.enquiries_3m == merchant.bureau.enquiries_3m
            assert 0 <= changed.bureau.outstanding_fen <= merchant.bureau.outstanding_fen
        if changed.trade is not None and action.code == "SELL_MORE":
            was, now = (m.trade.monthly_net_3m_adjusted_fen for m in (merchant, changed))
            assert was < now + 1 <= 1.2 * was + 2


@few(60)
@given(merchant=scorable)
def test_costs_and_days_rise_along_every_ladder(merchant: Evidence) -> None:
    for action in actions_of(merchant):
        costs = [action.cost_at(rung) for rung in range(1, action.rungs + 1)]
        days = [action.days_at(rung) for rung in range(1, action.rungs + 1)]
        assert costs == sorted(costs)
        assert costs[0] > 0.0 or action.code in ("REQUEST_LESS", "REPAY_DEBT")
        assert days == sorted(days)
        assert len({action.value_at(rung) for rung in range(action.rungs + 1)}) == action.rungs + 1
        assert action.code in WORDING


def test_debt_that_is_repaid_frees_its_instalments() -> None:
    merchant = evidence(bureau=report(outstanding_fen=4_000_000, monthly_debt_service_fen=400_000))
    action = by_code(merchant)["REPAY_DEBT"]
    half = action.take(merchant, action.rungs // 2)
    assert (half.bureau.outstanding_fen, half.bureau.monthly_debt_service_fen) == (2_000_000, 200_000)
    assert "USE_LESS_OF_LINES" not in by_code(merchant)


def test_arrears_go_one_after_the_other_and_the_worst_with_the_last() -> None:
    merchant = evidence(bureau=report(months_overdue_24m=3, worst_overdue_24m=2))
    action = by_code(merchant)["STAY_WITHOUT_ARREARS"]
    reports = [action.take(merchant, rung).bureau for rung in range(4)]
    assert [(r.months_overdue_24m, r.worst_overdue_24m) for r in reports] == [(3, 2), (2, 2), (1, 2), (0, 0)]
    assert action.days_at(3) == 731
    assert action.days_at(1) == 670


def test_waiting_lengthens_the_record_and_renews_the_report() -> None:
    merchant = evidence(trade=trade(months_of_history=4, weekly_net_fen=trade().weekly_net_fen[:17]))
    later = by_code(merchant)["KEEP_TRADING"].take(merchant, 6)
    assert later.trade.months_of_history == 10
    assert len(later.trade.weekly_net_fen) == 17 + 26
    assert later.trade.weekly_net_fen[:17] == merchant.trade.weekly_net_fen
    assert (later.day - merchant.day).days == 183
    assert later.day - later.bureau.report_date == merchant.day - merchant.bureau.report_date


def by_code(merchant: Evidence) -> dict[str, Action]:
    return {action.code: action for action in actions_of(merchant)}


def test_a_better_grade_is_the_target_where_none_is_named() -> None:
    merchant = evidence(loan=Loan(4 * MONTHLY_FEN, 12), bureau=None)
    before, found = panel().score(merchant), advise(merchant)
    assert found.outcome is Outcome.FOUND
    assert found.after.grade == before.grade - 1
    assert found.after.default_probability < dict(GRADE_CEILINGS)[Grade(before.grade - 1)]


def test_the_best_grade_has_nothing_to_reach() -> None:
    merchant = evidence()
    if panel().score(merchant).grade is not Grade.A:
        merchant = replace(merchant, loan=Loan(100, 12))
    assert advise(merchant).outcome is Outcome.MET


def test_what_cannot_be_is_out_of_reach() -> None:
    merchant = evidence(bureau=report(public_records=3), loan=Loan(20 * MONTHLY_FEN, 12))
    assert advise(merchant, Target(min_score=850)).outcome is Outcome.OUT_OF_REACH


@few(25)
@given(merchant=scorable, gain=st.floats(1, 60))
def test_no_single_action_is_cheaper_and_the_search_is_bounded(merchant: Evidence, gain: float) -> None:
    rescored = 0

    def points(changed: Evidence) -> float:
        nonlocal rescored
        rescored += 1
        return points_of(panel().score_without_reasons(changed))

    target = points(merchant) + gain
    way = Search(merchant, points, target).best()
    assert rescored <= MAX_RESCORINGS
    for action in actions_of(merchant):
        for rung in range(1, action.rungs + 1):
            if points(action.take(merchant, rung)) >= target:
                assert way is not None
                assert way.cost <= 0.05 + action.cost_at(rung) + 1e-9
                break


def test_the_same_question_has_the_same_answer() -> None:
    merchant = evidence(loan=Loan(9 * MONTHLY_FEN, 12), bureau=report(months_overdue_24m=2, worst_overdue_24m=1))
    assert advise(merchant) == advise(merchant)


def test_what_is_proposed_is_on_offer() -> None:
    loan = Loan(15_000_000, 12)
    merchant = evidence(loan=loan)
    offered = Offered(terms=(5, 10, 20), least_fen=9_000_000)
    proposed = {action.code: action for action in actions_of(merchant, offered)}
    less, longer, shorter = proposed["REQUEST_LESS"], proposed["LONGER_TERM"], proposed["SHORTER_TERM"]
    assert [less.value_at(rung) >= 9_000_000 for rung in range(less.rungs + 1)] == [True] * (less.rungs + 1)
    assert less.value_at(less.rungs) == 9_000_000 < loan.amount_fen
    assert [longer.value_at(rung) for rung in range(1, longer.rungs + 1)] == [20]
    assert [shorter.value_at(rung) for rung in range(1, shorter.rungs + 1)] == [10, 5]
    none = {action.code for action in actions_of(merchant, Offered(terms=(12,), least_fen=loan.amount_fen))}
    assert not none & {"REQUEST_LESS", "LONGER_TERM", "SHORTER_TERM"}
