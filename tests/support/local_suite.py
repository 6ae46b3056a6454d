"""The whole suite as real processes: PostgreSQL, NATS, Envoy and the six services, in a folder of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from sycee_cli import tokens
from sycee_cli.suite.folder import StateFolder, read_choices
from sycee_cli.suite.record import read_record
from sycee_client import MutualTls, SyceeClient

SERVICES = ("ingestion", "scoring", "esg", "limits", "compliance", "gateway")
ATTRIBUTES = {"gateway": "decision"}
"""Where the client's attribute has another name than the service."""
SYCEE = Path(sys.executable).parent / "sycee"
EVERY_SCOPE = " ".join(tokens.EVERY_SCOPE)
WAIT_S = 60
SOME_DO_NOT_SERVE = 4


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite under one state folder."""

    folder: StateFolder

    def sycee(self, *words: str, timeout_s: float = 120, codes: Collection[int] = (0,)) -> str:
        """Runs the `sycee` command on this suite and gives what it printed; fails when it ends with another code."""
        done = subprocess.run(
            [SYCEE, *words, "--state", self.folder.root], capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert done.returncode in codes, f"sycee {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def status(self) -> dict[str, dict[str, Any]]:
        """What `sycee status --json` says of each process, by name."""
        said = json.loads(self.sycee("status", "--json", codes=(0, SOME_DO_NOT_SERVE)))
        return {process["name"]: process for process in said["processes"]}

    def port(self, name: str) -> int:
        choices = read_choices(self.folder)
        assert choices is not None
        return choices.ports[name]

    @property
    def edge(self) -> str:
        return f"127.0.0.1:{self.port('edge')}"

    @property
    def ca(self) -> bytes:
        return self.folder.ca.read_bytes()

    def token(self, scope: str = EVERY_SCOPE, *more: str) -> str:
        return self.sycee("token", "--scope", scope, *more).strip()

    def client(self, token: str) -> SyceeClient:
        """A platform's client, through the edge."""
        return SyceeClient(self.edge, token=token, ca=self.ca)

    def tls(self, party: str) -> MutualTls:
        return MutualTls.from_files(self.folder.ca, self.folder.certificate(party), self.folder.certificate_key(party))

    def direct(self, party: str = "operator", names: Iterable[str] = SERVICES) -> SyceeClient:
        """A client inside the suite, straight to the services, with the party's certificate."""
        addresses = {ATTRIBUTES.get(name, name): f"127.0.0.1:{self.port(name)}" for name in names}
        return SyceeClient.direct(addresses, self.tls(party))

    def target(self, service: str, party: str = "operator") -> tuple[str, grpc.ChannelCredentials]:
        """Address and credentials for a bare gRPC channel."""
        tls = self.tls(party)
        return f"127.0.0.1:{self.port(service)}", grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)

    def channel_options(self, service: str) -> list[tuple[str, Any]]:
        return [("grpc.ssl_target_name_override", service)]

    @asynccontextmanager
    async def channel(self, service: str, party: str = "operator") -> AsyncIterator[grpc.aio.Channel]:
        """A bare gRPC channel to one service."""
        address, credentials = self.target(service, party)
        async with grpc.aio.secure_channel(address, credentials, options=self.channel_options(service)) as channel:
            yield channel

    def pid(self, name: str) -> int:
        """The process as the supervisor knows it, at once."""
        record = read_record(self.folder.record_file)
        assert record is not None
        return record.process(name).pid

    def kill(self, name: str) -> int:
        """Kills a process outright and answers with the pid that died."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self, name: str) -> int:
        """Freezes a process (SIGSTOP), so that it is there and does not answer."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        return pid

    def wait_ready(self) -> None:
        """Returns once every process is healthy again; `sycee up` on a running suite waits for just that."""
        self.sycee("up", "--detach", timeout_s=WAIT_S)


def start(root: Path) -> Suite:
    """Starts a suite in `root` and waits until it is ready."""
    suite = Suite(StateFolder(root))
    suite.sycee("up", "--detach", timeout_s=WAIT_S)
    return suite
