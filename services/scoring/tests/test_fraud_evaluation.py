"""`sycee eval fraud`: made-up merchants and links, run small."""

from __future__ import annotations

import json

import pytest
from sycee_scoring.evaluations.fraud import main
from sycee_scoring.evaluations.fraud_population import FRAUD, HONEST, population


def test_people_are_the_same_of_one_seed_and_others_of_another() -> None:
    first, again, other = population(300, 5), population(300, 5), population(300, 6)
    assert first == again != other
    assert sum(not person.fraud for person in first) == 300
    assert {person.pattern for person in first if person.fraud} == set(FRAUD)
    assert {person.pattern for person in first if not person.fraud} == {*HONEST, "alone"}
    assert [person.applies[0] for person in first] == sorted(person.applies[0] for person in first)


def test_rings_are_found_and_honest_shops_left_alone(capsys: pytest.CaptureFixture[str], postgres_url: str) -> None:
    assert main(["--honest", "200", "--seed", "3", "--database", postgres_url, "--json"]) == 0
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    found = json.loads(line)
    by_name = {one["pattern"]: one for one in found["patterns"]}
    assert found["simulated"] is True
    assert by_name["all frauds"]["auc"]["value"] > 0.8
    assert by_name["whole ring"]["stopped_at_end"] == 1.0
    assert by_name["all honest"]["blocked"] == 0.0
    assert by_name["all honest"]["stopped"] < 0.03
    assert "auc" not in by_name["all honest"]
    assert main(["--honest", "200", "--database", postgres_url]) == 2  # it holds applications now
    assert "--database" in capsys.readouterr().err


def test_lookups_are_timed(
    capsys: pytest.CaptureFixture[str], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sycee_scoring.evaluations.fraud_links.LOOKUPS", 20)
    assert main(["--links", "5000", "--database", postgres_url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["links"] == 5_000
    assert [one["name"].split(",")[0] for one in found["lookups"]] == ["select 1", "look", "look", "look", "apply"]
    for one in found["lookups"]:
        assert one["n"] == 20
        assert 0.0 < one["p50_ms"] <= one["p99_ms"] <= one["max_ms"]
    in_a_ring = found["lookups"][2]
    assert in_a_ring["mean_members"] >= 5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--honest", "10"], "--honest: must be from 200"),
        (["--links", "5"], "--links: must be from 1000"),
        (["--seed", "-1"], "--seed"),
        (["--database", "postgresql://nobody@127.0.0.1:1/none"], "--database: cannot be used"),
        (["--database", "not an address"], "--database: cannot be used"),
    ],
)
def test_bad_options_are_said_in_one_line(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert named in printed.err
    assert len(printed.err.splitlines()) == 1
