"""`sycee decide`: one decision, shown to a person or printed for a program."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table
from sycee.common.v1.common_pb2 import Grade
from sycee.decision.v1.decision_pb2 import DECISION_OUTCOME_APPROVED, DecideRequest, Decision, DecisionOutcome
from sycee.esg.v1.esg_pb2 import Rating
from sycee.scoring.v1.fraud_pb2 import FraudAssessment

from sycee_cli.commands.options import State
from sycee_cli.days import SHANGHAI
from sycee_cli.money import money_of, percent, shown
from sycee_cli.session import Session, open_session, run
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import find_folder

COLOURS = {"APPROVED": "bold green", "DECLINED": "bold red", "REFERRED": "bold yellow"}


def decide(
    state: State,
    merchant: Annotated[str, typer.Option(metavar="ID", help="The merchant, registered before.")],
    product: Annotated[str, typer.Option(help="Such as shopkeeper, festival, startup, green.")],
    amount: Annotated[str, typer.Option(metavar="YUAN", help="What the merchant asks for.")],
    term: Annotated[int, typer.Option(metavar="MONTHS", help="0 = the policy's default.")] = 0,
    as_of: Annotated[str, typer.Option(metavar="DAY", help="Decide as of the start of an earlier day.")] = "",
    request_id: Annotated[
        str, typer.Option(help="The same again gives the same decision; made up when not given.")
    ] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the receipt there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole decision, for programs.")] = False,
) -> None:
    """Decide an application, and say why. Ends with 0 whatever the outcome, with 1 when there is no decision."""
    request = DecideRequest(
        request_id=request_id or f"cli-{uuid.uuid4()}",
        merchant_id=merchant,
        product_id=product,
        requested_amount=money_of(amount),
        term_months=term,
        as_of=_start_of(as_of) if as_of else None,
    )
    decision = run(_ask(open_session(find_folder(state)), request))
    if out is not None:
        _write_receipt(decision, out)
    if as_json:
        print(json_format.MessageToJson(decision))
    else:
        show(Console(), decision)


async def _ask(session: Session, request: DecideRequest) -> Decision:
    async with session.client() as sycee:
        return (await sycee.decision.Decide(request)).decision


def _start_of(day: str) -> Timestamp:
    try:
        moment = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise SuiteError(f"as-of: must be a day such as 2026-03-31; got {day!r}") from None
    return Timestamp(seconds=int(moment.timestamp()))


def _write_receipt(decision: Decision, out: Path) -> None:
    if not decision.HasField("receipt"):
        raise SuiteError(f"{decision.decision_id} has no receipt yet: the log could not take it, ask again later")
    out.write_text(json_format.MessageToJson(decision.receipt) + "\n")


def show(console: Console, decision: Decision) -> None:
    """A decision as a person reads it."""
    outcome = DecisionOutcome.Name(decision.outcome).removeprefix("DECISION_OUTCOME_")
    marks = [
        text for text, holds in (("simulated", decision.simulated), ("hypothetical", decision.hypothetical)) if holds
    ]
    console.print(f"[{COLOURS.get(outcome, 'bold')}]{outcome}[/]  {', '.join(marks)}", highlight=False)
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(decision):
        facts.add_row(f"[dim]{name}[/]", value)
    console.print(facts, highlight=False)
    for reason in decision.reasons:
        console.print(f"  • [bold]{reason.code}[/]  {reason.text_en}", highlight=False)
        console.print(f"    {reason.text_zh}", style="dim", highlight=False)
    if decision.recourse:
        console.print("[bold]would do[/]")
    for step in decision.recourse:
        console.print(f"  • {step.text_en}", highlight=False)
        console.print(f"    {step.text_zh}", style="dim", highlight=False)


def _facts(decision: Decision) -> list[tuple[str, str]]:
    evidence, offer = decision.evidence, decision.offer
    facts = [("decision", decision.decision_id), ("asked for", f"CNY {shown(decision.requested_amount)}")]
    if decision.outcome == DECISION_OUTCOME_APPROVED:
        facts += [
            ("offer", f"CNY {shown(offer.amount)} over {offer.term_months} months from {offer.lender_id}"),
            ("a year", f"{percent(offer.nominal_rate_bp)} nominal, {percent(offer.effective_rate_bp)} effective"),
            ("first payment", f"CNY {shown(offer.first_payment)}, cost in all CNY {shown(offer.total_cost)}"),
        ]
    if evidence.score.scorable:
        risk = evidence.score.default_probability
        grade = Grade.Name(evidence.score.grade).removeprefix("GRADE_")
        facts.append(
            ("score", f"{evidence.score.score}, grade {grade}, PD {risk.value:.1%} ({risk.low:.1%}–{risk.high:.1%})")
        )
    if evidence.fraud.score:
        action = FraudAssessment.Action.Name(evidence.fraud.action).removeprefix("ACTION_").lower()
        facts.append(("fraud", f"{evidence.fraud.score} of 1,000: {action}"))
    if evidence.HasField("esg"):
        rating = Rating.Name(evidence.esg.rating).removeprefix("RATING_")
        facts.append(("ESG", f"{rating}, {evidence.esg.score:.0f} of 100, coverage {evidence.esg.coverage:.0%}"))
    if evidence.HasField("rules"):
        judged = len(evidence.rules.results)
        checked = f"{judged} in force that day" if judged else "none in force on that day"
        facts.append(("rules", f"{checked}, pack {evidence.rules.pack_version.partition('+')[0]}"))
    if decision.HasField("receipt"):
        facts.append(("receipt", f"leaf {decision.receipt.leaf_index} of {decision.receipt.tree_head.tree_size}"))
    steps = ", ".join(f"{step.step} {step.elapsed_us / 1000:.1f}" for step in evidence.steps)
    facts.append(("ms", steps))
    return facts
