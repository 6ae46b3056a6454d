"""`sycee eval fraud`: what the rules find among made-up merchants, whom they trouble, and how long lookups take."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sycee_service.database import Database

from sycee_scoring.evaluations.fraud_database import DatabaseError, fraud_database
from sycee_scoring.evaluations.fraud_links import LEAST_LINKS, LOOKUPS, Timed, time_lookups
from sycee_scoring.evaluations.fraud_population import FRAUD, applications, population
from sycee_scoring.evaluations.fraud_town import Person
from sycee_scoring.fraud.assessment import Action, Assessment
from sycee_scoring.fraud.signals import assess
from sycee_scoring.fraud.surroundings import Verdict
from sycee_scoring.learning.metrics import Figure, auc, with_interval
from sycee_scoring.store.fraud import FraudStore

T = TypeVar("T")

LEAST_HONEST: Final = 200
MOST_HONEST: Final = 1_000_000
MOST_LINKS: Final = 20_000_000

_CAVEAT: Final = (
    "Made-up merchants, from the same mind as the rules: it shows that rules and store do what is meant, and whom they"
    " trouble; it is no measure of real fraud."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A merchant with its gravest assessment when it applied, and the one at the end, when its whole ring was there."""

    person: Person
    applied: Assessment
    ended: Assessment


def main(arguments: list[str] | None = None) -> int:
    """Find rings among made-up merchants: recall and AUC by pattern, and harm to the honest; or time lookups."""
    parser = argparse.ArgumentParser(prog="sycee eval fraud", description=main.__doc__, epilog=_CAVEAT)
    parser.add_argument("--honest", type=int, default=3_000, metavar="N", help="honest merchants (default 3000)")
    parser.add_argument("--seed", type=int, default=1, help="what the merchants are drawn from (default 1)")
    parser.add_argument("--links", type=int, metavar="N", help="time lookups among so many links instead")
    parser.add_argument("--database", default="", metavar="URL", help="an empty PostgreSQL; without it one of its own")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    words = parser.parse_args(arguments)
    try:
        _check("--honest", words.honest, LEAST_HONEST, MOST_HONEST)
        _check("--seed", words.seed, 0, 2**63 - 1)
        if words.links is not None:
            _check("--links", words.links, LEAST_LINKS, MOST_LINKS)
            _tell_times(_worked(_with_database(words.database, words.links, words.seed)), words.links, words.json)
        else:
            _tell(_worked(_judge(words.database, population(words.honest, words.seed))), words.json)
    except (DatabaseError, _OutOfRangeError) as error:
        sys.stderr.write(f"sycee eval fraud: {error}\n")
        return 2
    return 0


def _worked(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; what it logs goes to the standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        return asyncio.run(work)


class _OutOfRangeError(Exception):
    """An option's value is out of its range."""


def _check(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise _OutOfRangeError(f"{option}: must be from {low} to {high}; got {value}")


async def _with_database(url: str, links: int, seed: int) -> list[Timed]:
    async with fraud_database(url) as database:
        with _progress() as progress:
            return await time_lookups(database, links, seed, progress)


async def _judge(url: str, people: list[Person]) -> list[Judged]:
    async with fraud_database(url) as database:
        with _progress() as progress:
            return await judge(database, people, progress)


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), transient=True)


async def judge(database: Database, people: list[Person], progress: Progress) -> list[Judged]:
    """Has all apply in the order of time, through the store, and looks at each again at the end. An investigation
    confirms the frauds that are said to be found a day after they applied."""
    store = FraudStore(database)
    gravest: dict[str, Assessment] = {}
    rogues = [person for person in people if person.confirmed]
    waiting = sorted((rogue.applies[0] + timedelta(days=1), rogue.application.merchant_id) for rogue in rogues)
    every = list(applications(people))
    for moment, person, application in progress.track(every, description="applying"):
        while waiting and waiting[0][0] <= moment:
            found_at, merchant_id = waiting.pop(0)
            await store.record(merchant_id, Verdict.CONFIRMED, found_at, "officer")
        found = assess(application, await store.apply(application, moment))
        name = person.application.merchant_id
        if name not in gravest or found.score > gravest[name].score:
            gravest[name] = found
    end = every[-1][0] + timedelta(days=2)
    judged = []
    for person in progress.track(people, description="looking again"):
        ended = assess(person.application, await store.look(person.application, end))
        judged.append(Judged(person, gravest[person.application.merchant_id], ended))
    return judged


@dataclass(frozen=True, slots=True)
class Line:
    """A pattern: its merchants, and the shares of them that a person is to see, or that are blocked, when they applied
    and at the end; the score that one in a hundred passes when they applied; the AUC against all honest merchants
    then, with its interval by group."""

    pattern: str
    fraud: bool
    n: int
    stopped: float
    blocked: float
    stopped_at_end: float
    blocked_at_end: float
    score_p99: float
    auc: Figure | None

    def as_json(self) -> dict[str, Any]:
        """The line as JSON has it."""
        shares = {
            name: round(getattr(self, name), 4)
            for name in ("stopped", "blocked", "stopped_at_end", "blocked_at_end", "score_p99")
        }
        ranked = {} if self.auc is None else {"auc": self.auc.as_json()}
        return {"pattern": self.pattern, "fraud": self.fraud, "n": self.n, **shares, **ranked}


def lines(judged: Sequence[Judged]) -> list[Line]:
    """All frauds together and by pattern, then the honest. A fraud that was confirmed beforehand is not counted: it had
    to apply once to be found."""
    counted = [one for one in judged if not one.person.confirmed]
    honest = [one for one in counted if not one.person.fraud]
    frauds = [one for one in counted if one.person.fraud]
    found = [_line("all frauds", frauds, honest)]
    found += [_line(name, [one for one in frauds if one.person.pattern == name], honest) for name in FRAUD]
    found.append(_line("all honest", honest, None))
    for name in sorted({one.person.pattern for one in honest}):
        found.append(_line(name, [one for one in honest if one.person.pattern == name], None))
    return found


def _line(name: str, some: Sequence[Judged], honest: Sequence[Judged] | None) -> Line:
    def share(actions: Sequence[Action], at_least: Action) -> float:
        return float(np.mean([action >= at_least for action in actions])) if actions else 0.0

    applied, ended = [one.applied.action for one in some], [one.ended.action for one in some]
    return Line(
        name,
        honest is not None,
        len(some),
        share(applied, Action.REVIEW),
        share(applied, Action.BLOCK),
        share(ended, Action.REVIEW),
        share(ended, Action.BLOCK),
        float(np.quantile([one.applied.score for one in some], 0.99)) if some else 0.0,
        None if honest is None or not some else _auc([*some, *honest]),
    )


def _auc(ranked: Sequence[Judged]) -> Figure:
    bad = np.array([float(one.person.fraud) for one in ranked])
    score = np.array([float(one.applied.score) for one in ranked])
    return with_interval(auc, bad, score, np.array([one.person.group for one in ranked], dtype=np.int64))


def precision(judged: Sequence[Judged], at_least: Action) -> float | None:
    """Frauds among those that were stopped when they applied; None where nobody was."""
    stopped = [one.person.fraud for one in judged if one.applied.action >= at_least and not one.person.confirmed]
    return float(np.mean(stopped)) if stopped else None


def _tell(judged: Sequence[Judged], as_json: bool) -> None:
    found = lines(judged)
    precise = {action.name.lower(): precision(judged, action) for action in (Action.REVIEW, Action.BLOCK)}
    if as_json:
        rounded = {name: None if value is None else round(value, 4) for name, value in precise.items()}
        body = {"simulated": True, "precision": rounded, "patterns": [line.as_json() for line in found]}
        sys.stdout.write(json.dumps(body) + "\n")
        return
    console = Console()
    table = Table(
        "", "merchants", "stopped", "blocked", "in the end", "blocked", "99 % score below", "AUC against the honest"
    )
    for line in found:
        ranked = "" if line.auc is None else f"{line.auc.value:.3f} [{line.auc.low:.3f}, {line.auc.high:.3f}]"
        if line.pattern == "all honest":
            table.add_section()
        shares = (line.stopped, line.blocked, line.stopped_at_end, line.blocked_at_end)
        shown = (f"{share:.1%}" for share in shares)
        table.add_row(line.pattern, f"{line.n:,}", *shown, f"{line.score_p99:.0f}", ranked)
    console.print(table)
    words = ", ".join(f"{name} {'none' if value is None else f'{value:.1%}'}" for name, value in precise.items())
    console.print(f"Frauds among those stopped at {words}. {_CAVEAT}", highlight=False)


def _tell_times(timed: Sequence[Timed], links: int, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "name": one.name,
                "n": len(one.milliseconds),
                "p50_ms": round(one.at(50), 3),
                "p99_ms": round(one.at(99), 3),
                "max_ms": round(one.at(100), 3),
                "mean_members": round(one.members, 1),
                "mean_linked": round(one.linked, 1),
            }
            for one in timed
        ]
        sys.stdout.write(json.dumps({"simulated": True, "links": links, "lookups": rows}) + "\n")
        return
    table = Table("", "p50 ms", "p99 ms", "longest ms", "at one step", "within two")
    for one in timed:
        times = (f"{one.at(percent):.2f}" for percent in (50, 99, 100))
        table.add_row(one.name, *times, f"{one.members:.1f}", f"{one.linked:.1f}")
    console = Console()
    console.print(table)
    console.print(f"{LOOKUPS:,} each, one after the other, among {links:,} made-up links.", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
