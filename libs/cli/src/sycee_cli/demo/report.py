"""What a person sees of the demonstration: one table, the figures, and how to ask again."""

from __future__ import annotations

import json
from collections import Counter

from rich.console import Console
from rich.table import Table
from sycee.decision.v1.decision_pb2 import DECISION_OUTCOME_APPROVED, DecisionOutcome
from sycee.esg.v1.esg_pb2 import Rating

from sycee_cli.bench.load import Run
from sycee_cli.commands.decide import COLOURS
from sycee_cli.demo import cdnow
from sycee_cli.demo.story import AT_A_TIME, Decided, Told
from sycee_cli.money import percent
from sycee_cli.session import Session

COLUMNS = ("merchant", "kind", "outcome", "amount", "a year", "lender", "score", "ESG", "first reason", "ms")
TO_THE_RIGHT = frozenset({"amount", "a year", "score", "ms"})


def show(console: Console, told: Told) -> None:
    """The table and the figures."""
    table = Table(title="Decisions (all shops but CDNOW are simulated)", box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in TO_THE_RIGHT else "left", no_wrap=name != "first reason")
    for decided in told.decided:
        table.add_row(*_row(decided))
    console.print(table)
    console.print()
    console.print(_by_kind(told))
    outcomes = Counter(_outcome(decided) for decided in told.decided)
    times = Run(told.seconds, sorted(decided.waited_ms for decided in told.decided))
    proved = sum(decided.proved for decided in told.decided)
    counted = ", ".join(f"{count} {name.lower()}" for name, count in sorted(outcomes.items()))
    console.print()
    for line in (
        f"{len(told.decided)} decisions: {counted}",
        *(
            [f"{told.repeated} of them had been made before: the same request gives the same decision"]
            * bool(told.repeated)
        ),
        f"{times.per_s:.0f} decisions/s, {AT_A_TIME} at a time; p50 {times.percentile_ms(50):.0f} ms,"
        f" p99 {times.percentile_ms(99):.0f} ms as the caller waited",
        f"{told.imported.row_count:,} real orders of CDNOW imported, {told.events:,} simulated events published"
        f" ({told.events_per_s:,.0f}/s)",
        f"{proved} of {len(told.decided)} receipts verified offline with the log's public key",
    ):
        console.print(line, highlight=False)


def _by_kind(told: Told) -> Table:
    """How each kind of merchant came out."""
    counted = Counter((decided.kind, _outcome(decided)) for decided in told.decided)
    table = Table(title="Outcomes by kind", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    for outcome in COLOURS:
        table.add_column(f"[{COLOURS[outcome]}]{outcome.lower()}[/]", justify="right")
    for kind in dict.fromkeys(decided.kind for decided in told.decided):
        table.add_row(kind.replace("_", "-"), *(str(counted[kind, outcome] or "") for outcome in COLOURS))
    return table


def _outcome(decided: Decided) -> str:
    return DecisionOutcome.Name(decided.decision.outcome).removeprefix("DECISION_OUTCOME_")


def _row(decided: Decided) -> tuple[str, ...]:
    decision, outcome = decided.decision, _outcome(decided)
    approved = decision.outcome == DECISION_OUTCOME_APPROVED
    score, esg = decision.evidence.score, decision.evidence.esg
    return (
        decision.merchant_id,
        decided.kind.replace("_", "-"),
        f"[{COLOURS.get(outcome, 'bold')}]{outcome}[/]",
        f"{decision.offer.amount.units:,}" if approved else "",
        percent(decision.offer.nominal_rate_bp) if approved else "",
        decision.offer.lender_id if approved else "",
        str(score.score) if score.scorable else "–",
        Rating.Name(esg.rating).removeprefix("RATING_") if esg.rating else "–",
        decision.reasons[0].code if decision.reasons else "",
        f"{decided.waited_ms:.0f}",
    )


def show_how_to_ask_again(console: Console, session: Session, told: Told) -> None:
    """Exact commands, for this suite, that work when pasted."""
    shop = told.decided[1].decision
    body = json.dumps(
        {
            "requestId": "by-curl-0001",
            "merchantId": shop.merchant_id,
            "productId": "shopkeeper",
            "requestedAmount": {"currencyCode": "CNY", "units": "20000"},
        }
    )
    state = session.folder.root
    lines = [
        "",
        "[bold]Ask again[/]",
        "[dim]# by the command, a real shop as of 1998-07-01, with its receipt[/]",
        f".venv/bin/sycee decide --state {state} --merchant {cdnow.MERCHANT_ID} --product shopkeeper --amount 300000"
        " --as-of 1998-07-01 --out receipt.json",
        f".venv/bin/sycee verify --state {state} receipt.json",
        "[dim]# by gRPC[/]",
        ".venv/bin/python - <<'PY'",
        "import asyncio",
        "from pathlib import Path",
        "from sycee.decision.v1.decision_pb2 import GetDecisionRequest",
        "from sycee_client import SyceeClient",
        "from sycee_cli.session import open_session",
        "from sycee_cli.suite.folder import find_folder",
        f"session = open_session(find_folder(Path('{state}')))",
        "async def main():",
        "    async with SyceeClient(session.edge, token=session.token, ca=session.ca) as sycee:",
        f"        print(await sycee.decision.GetDecision(GetDecisionRequest(decision_id='{shop.decision_id}')))",
        "asyncio.run(main())",
        "PY",
        "[dim]# by JSON over HTTP[/]",
        f'curl -sS --cacert {session.folder.ca} -H "authorization: Bearer $(.venv/bin/sycee token --state {state})"'
        f" -H 'content-type: application/json' -d '{body}' https://{session.edge}/v1/decisions",
        "[dim]# the suite runs on; to stop it[/]",
        f".venv/bin/sycee down --state {state}",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
