"""The state folder: where everything of one local suite lives, and what it has chosen once and for all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.files import SECRET_MODE, write_file

FORMAT = 1
"""Rises when a folder made before cannot be used any more."""
SERVICES = ("ingestion", "scoring", "esg", "limits", "compliance", "gateway")
"""Every service of the suite, by the name that its certificate, database and settings bear."""
FOLDERS = ("tls", "keys", "logs", "edge", "nats", "postgres", "imports")


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Paths below one root."""

    root: Path

    @property
    def choices_file(self) -> Path:
        """Ports and passwords of this suite."""
        return self.root / "suite.json"

    @property
    def record_file(self) -> Path:
        """What runs, as the supervisor last knew it."""
        return self.root / "processes.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.root / "lock"

    @property
    def tls(self) -> Path:
        """The authority, and the certificate and key of each party."""
        return self.root / "tls"

    @property
    def keys(self) -> Path:
        """The keys that sign tokens and the log, and the one that encrypts personal data."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.root / "logs"

    @property
    def edge(self) -> Path:
        """The edge's configuration as rendered."""
        return self.root / "edge"

    @property
    def nats(self) -> Path:
        """JetStream's files and the server's configuration."""
        return self.root / "nats"

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.root / "postgres"

    @property
    def imports(self) -> Path:
        """Where ImportFile looks, unless told otherwise."""
        return self.root / "imports"

    @property
    def ca(self) -> Path:
        """The certificate of the suite's own authority."""
        return self.tls / "ca.pem"

    def certificate(self, name: str) -> Path:
        """A party's certificate."""
        return self.tls / f"{name}.pem"

    def certificate_key(self, name: str) -> Path:
        """The private key of a party's certificate."""
        return self.tls / f"{name}.key"

    def log(self, name: str) -> Path:
        """A process's log."""
        return self.logs / f"{name}.log"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a suite chose when it was made and keeps: ports by name, and passwords by account."""

    ports: Mapping[str, int]
    passwords: Mapping[str, str] = field(repr=False)
    import_root: str = ""

    def to_json(self) -> bytes:
        """As stored."""
        kept = {"format": FORMAT, "ports": dict(self.ports), "passwords": dict(self.passwords)}
        return json.dumps(kept | {"import_root": self.import_root}, indent=2).encode()


def default_root() -> Path:
    """`$SYCEE_HOME`, or `.sycee` here."""
    return Path(os.environ.get("SYCEE_HOME") or ".sycee")


def open_folder(root: Path) -> StateFolder:
    """Makes the folder where it is missing, and checks that it can be used. Raises SuiteError."""
    folder = StateFolder(root.expanduser().resolve())
    try:
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in FOLDERS:
            (folder.root / name).mkdir(exist_ok=True, mode=0o700)
        write_file(folder.root / ".writable", b"")
        (folder.root / ".writable").unlink()
    except OSError as error:
        raise SuiteError(
            f"the state folder {folder.root} cannot be written ({error.strerror}): choose another with --state"
        ) from error
    _check_format(folder)
    return folder


def find_folder(root: Path) -> StateFolder:
    """The folder of a suite that was made before. Raises SuiteError when there is none."""
    folder = StateFolder(root.expanduser().resolve())
    if not folder.choices_file.exists():
        raise SuiteError(f"there is no suite in {folder.root}: start one with `sycee up`, or name another with --state")
    _check_format(folder)
    return folder


def read_choices(folder: StateFolder) -> Choices | None:
    """What the suite chose; None when it has not yet. Raises SuiteError when the file is spoilt."""
    kept = _read(folder)
    if kept is None:
        return None
    try:
        ports = {str(name): int(port) for name, port in kept["ports"].items()}
        passwords = {str(name): str(password) for name, password in kept["passwords"].items()}
        return Choices(ports, passwords, str(kept.get("import_root", "")))
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise _spoilt(folder) from error


def write_choices(folder: StateFolder, choices: Choices) -> None:
    """Keeps them."""
    write_file(folder.choices_file, choices.to_json(), SECRET_MODE)


def new_password() -> str:
    """A password that needs no quoting anywhere."""
    return secrets.token_hex(24)


def _check_format(folder: StateFolder) -> None:
    kept = _read(folder)
    if kept is not None and kept.get("format") != FORMAT:
        raise SuiteError(
            f"the state folder {folder.root} has format {kept.get('format')}, this version of sycee knows format"
            f" {FORMAT}: use the version that made it, choose another with --state, or remove it"
        )


def _read(folder: StateFolder) -> dict[str, Any] | None:
    try:
        kept = json.loads(folder.choices_file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _spoilt(folder) from error
    if not isinstance(kept, dict):
        raise _spoilt(folder)
    return kept


def _spoilt(folder: StateFolder) -> SuiteError:
    return SuiteError(f"{folder.choices_file} cannot be read: restore it, or remove the state folder to start afresh")
