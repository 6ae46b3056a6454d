"""Loads the rule pack that ships with the service: rules, and the table of lending rates that some of them look at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

import yaml

from sycee_compliance.domain.lending_rates import LendingRates, lending_rates
from sycee_compliance.domain.rule_text import RuleTextError, read_rules
from sycee_compliance.domain.rules import Rule, RulePack

PACK_FILE = "pack.yaml"
DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules and the dated figures that they stand on."""

    pack: RulePack
    rates: LendingRates


def load_rulebook() -> Rulebook:
    """Reads every YAML file in the package's `rules` folder. Raises RuleTextError: a broken pack must not serve."""
    contents = {
        entry.name: entry.read_bytes()
        for entry in files("sycee_compliance").joinpath("rules").iterdir()
        if entry.is_file()
    }
    return read_rulebook({name: content for name, content in contents.items() if name.endswith(".yaml")})


def read_rulebook(contents: dict[str, bytes]) -> Rulebook:
    """Builds a rule book out of its files by name. The version carries a digest of all of them."""
    head = yaml.safe_load(contents[PACK_FILE])
    rules = [
        rule for name in sorted(contents) if name != PACK_FILE for rule in read_rules(contents[name].decode("utf-8"))
    ]
    _check_calendar(rules)
    version = f"{head['version']}+{_digest(contents)}"
    return Rulebook(RulePack(version, rules), lending_rates(head["lending_rates"]))


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(contents[name]).digest())
    return digest.hexdigest()[:DIGEST_CHARACTERS]


def _check_calendar(rules: list[Rule]) -> None:
    """A rule may stand there several times, each for its own days: never two on one day."""
    ordered = sorted(rules, key=lambda rule: (rule.rule_id, rule.first_day))
    for earlier, later in pairwise(ordered):
        if earlier.rule_id == later.rule_id and (earlier.last_day is None or earlier.last_day >= later.first_day):
            raise RuleTextError(f"{later.rule_id}: two versions hold on {later.first_day}")
