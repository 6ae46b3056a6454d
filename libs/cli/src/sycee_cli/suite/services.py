"""The six services as processes, each with its settings in its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from sycee_client.transport import MutualTls

from sycee_cli.suite import health, keys
from sycee_cli.suite.folder import SERVICES, Choices, StateFolder
from sycee_cli.suite.nats import nats_url
from sycee_cli.suite.ports import HOST
from sycee_cli.suite.postgres import database_url
from sycee_cli.suite.programs import console_command
from sycee_cli.suite.spec import ProcessSpec

OPERATOR = "operator"
STATELESS = ("esg",)
"""Services that keep nothing, and so wait for no engine."""
GATEWAY = "gateway"


def service_specs(folder: StateFolder, choices: Choices) -> list[ProcessSpec]:
    """Every service."""
    return [_spec(folder, choices, name) for name in SERVICES]


def _spec(folder: StateFolder, choices: Choices, name: str) -> ProcessSpec:
    port = choices.ports[name]
    return ProcessSpec(
        name=name,
        command=(str(console_command(f"sycee-{name}")),),
        distribution=f"sycee-{name}",
        address=f"{HOST}:{port}",
        probe=partial(_probe, folder, port, name),
        environment=_environment(folder, choices, name),
        folder=folder.root,
        ports=(port, choices.ports[f"{name}_metrics"]),
        needs=() if name in STATELESS else ("postgres", "nats"),
        tier=2 if name == GATEWAY else 1,
    )


def _environment(folder: StateFolder, choices: Choices, name: str) -> Mapping[str, str]:
    """The caller's own environment, so that any other variable of a service can be set there, and the suite's part."""
    settings = {
        "LISTEN": f"{HOST}:{choices.ports[name]}",
        "METRICS_LISTEN": f"{HOST}:{choices.ports[f'{name}_metrics']}",
        "DATABASE_URL": database_url(choices, name),
        "NATS_URL": nats_url(choices),
        "TLS_CERT": str(folder.certificate(name)),
        "TLS_KEY": str(folder.certificate_key(name)),
        "TLS_CA": str(folder.ca),
    }
    settings |= _own_settings(folder, choices, name)
    prefix = f"SYCEE_{name.upper()}_"
    return {**os.environ, "PYTHONUNBUFFERED": "1", **{prefix + key: value for key, value in settings.items()}}


def _own_settings(folder: StateFolder, choices: Choices, name: str) -> dict[str, str]:
    match name:
        case "ingestion":
            root = choices.import_root or str(folder.imports)
            return {"DATA_KEY_FILE": str(keys.data_key_file(folder)), "IMPORT_ROOT": root}
        case "compliance":
            return {"LOG_KEY_FILE": str(keys.log_key_file(folder))}
        case "gateway":
            others = (service for service in SERVICES if service != GATEWAY)
            return {f"{service.upper()}_ADDRESS": f"{HOST}:{choices.ports[service]}" for service in others}
        case _:
            return {}


async def _probe(folder: StateFolder, port: int, name: str) -> None:
    tls = MutualTls.from_files(folder.ca, folder.certificate(OPERATOR), folder.certificate_key(OPERATOR))
    await health.grpc_serves(port, name, tls)
