"""Reads the policies that ship with the package."""

from __future__ import annotations

import re
from importlib.resources import files

import yaml

from sycee_gateway.domain.policy import BadPolicyError, Policy, parse_policy

_VERSION = re.compile(r"policy-[0-9]{4}\.[0-9]{1,3}")


def policy_text(version: str) -> str:
    """The text of a version; raises BadPolicyError when there is none."""
    source = files("sycee_gateway.policies") / f"{version}.yaml"
    if not _VERSION.fullmatch(version) or not source.is_file():
        raise BadPolicyError(f"there is no {version!r} among the policies")
    return source.read_text(encoding="utf-8")


def load_policy(version: str) -> Policy:
    """A version of the policy; raises BadPolicyError when there is none or it is broken."""
    policy = parse_policy(yaml.safe_load(policy_text(version)))
    if policy.version != version:
        raise BadPolicyError(f"{version}.yaml says that it is {policy.version}")
    return policy


def load_policies() -> dict[str, Policy]:
    """Every version that ships, by version; raises BadPolicyError when one is broken."""
    names = sorted(entry.name for entry in files("sycee_gateway.policies").iterdir())
    versions = [name.removesuffix(".yaml") for name in names if name.endswith(".yaml")]
    return {version: load_policy(version) for version in versions}
