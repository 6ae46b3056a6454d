"""The suite as a list of processes, and what has to be there before they start."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from sycee_cli.suite import ports, postgres
from sycee_cli.suite.certificates import ensure_certificates
from sycee_cli.suite.edge import edge_spec
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import (
    SERVICES,
    Choices,
    StateFolder,
    new_password,
    read_choices,
    write_choices,
)
from sycee_cli.suite.keys import ensure_keys
from sycee_cli.suite.nats import USER as NATS_USER
from sycee_cli.suite.nats import nats_spec
from sycee_cli.suite.services import service_specs
from sycee_cli.suite.spec import ProcessSpec

ENGINE_PORTS = ("edge", "envoy_admin", "postgres", "nats", "nats_monitor")
PORTS = (*ENGINE_PORTS, *SERVICES, *(f"{name}_metrics" for name in SERVICES))
ACCOUNTS = (postgres.OWNER, NATS_USER, *(postgres.database_name(service) for service in SERVICES))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asks for; None leaves it as it was chosen before."""

    edge_port: int | None = None
    import_root: Path | None = None
    new_ports: bool = False

    def to_json(self) -> str:
        """For another process."""
        root = None if self.import_root is None else str(self.import_root.expanduser().resolve())
        return json.dumps({"edge_port": self.edge_port, "import_root": root, "new_ports": self.new_ports})

    @classmethod
    def from_json(cls, text: str) -> Wishes:
        """The inverse of `to_json`."""
        said = json.loads(text)
        root = None if said["import_root"] is None else Path(said["import_root"])
        return cls(said["edge_port"], root, bool(said["new_ports"]))


def settle(folder: StateFolder, wishes: Wishes) -> Choices:
    """Makes the choices, keys and certificates that are missing, and keeps them. Raises SuiteError."""
    before = read_choices(folder)
    chosen = _choose(before, wishes)
    if chosen != before:
        write_choices(folder, chosen)
    try:
        ensure_keys(folder)
        ensure_certificates(folder)
    except OSError as error:
        raise SuiteError(f"keys and certificates cannot be written to {folder.root}: {error.strerror}") from error
    return chosen


def process_specs(folder: StateFolder, choices: Choices) -> list[ProcessSpec]:
    """Every process, in the order in which they are shown."""
    engines = [postgres.postgres_spec(folder, choices), nats_spec(folder, choices)]
    return [*engines, *service_specs(folder, choices), edge_spec(folder, choices)]


def _choose(before: Choices | None, wishes: Wishes) -> Choices:
    choices = before or Choices(ports={}, passwords={})
    chosen = {} if wishes.new_ports else {name: port for name, port in choices.ports.items() if name in PORTS}
    if wishes.edge_port is not None:
        chosen["edge"] = wishes.edge_port
    missing = [name for name in PORTS if name not in chosen]
    if missing:
        chosen |= ports.choose(missing)
    passwords = {name: choices.passwords.get(name) or new_password() for name in ACCOUNTS}
    return replace(choices, ports=chosen, passwords=passwords, import_root=_import_root(choices, wishes))


def _import_root(choices: Choices, wishes: Wishes) -> str:
    if wishes.import_root is None:
        return choices.import_root
    root = wishes.import_root.expanduser().resolve()
    if not root.is_dir():
        raise SuiteError(f"the import root {root} is not a folder")
    return str(root)
