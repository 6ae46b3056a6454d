"""Channels: TLS, sizes, keepalive and how fast a lost server is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from sycee_client.policies import service_config

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
EDGE_KEEPALIVE_MS = 60_000
RECONNECT_MS = 250
CONNECT_LIMIT_MS = 5_000
"""How long one attempt to connect may take; gRPC calls it the minimum pause, which it is not."""


@dataclass(frozen=True, slots=True)
class MutualTls:
    """The certificate that a caller shows, its key, and the authority of the servers' certificates; all PEM."""

    ca: bytes
    certificate: bytes
    key: bytes = field(repr=False)

    @classmethod
    def from_files(cls, ca: Path, certificate: Path, key: Path) -> MutualTls:
        """Reads the three files. Raises OSError when one cannot be read."""
        return cls(ca.read_bytes(), certificate.read_bytes(), key.read_bytes())


def edge_channel(address: str, ca: bytes | None, services: Sequence[ServiceDescriptor]) -> grpc.aio.Channel:
    """A channel to the edge, all services on one connection. `ca` is PEM; None means the system's authorities."""
    # The edge sits behind networks that forget quiet connections; it allows pings, the services themselves do not.
    keepalive = [("grpc.keepalive_time_ms", EDGE_KEEPALIVE_MS), ("grpc.keepalive_timeout_ms", 10_000)]
    credentials = grpc.ssl_channel_credentials(root_certificates=ca)
    return grpc.aio.secure_channel(address, credentials, options=[*_options(services), *keepalive])


def service_channel(address: str, name: str, tls: MutualTls, service: ServiceDescriptor) -> grpc.aio.Channel:
    """A channel to one service, which must show a certificate for `name`: another service's will not do."""
    credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
    expected = ("grpc.ssl_target_name_override", name)
    return grpc.aio.secure_channel(address, credentials, options=[*_options([service]), expected])


def plaintext_channel(address: str, service: ServiceDescriptor) -> grpc.aio.Channel:
    """A channel without TLS, for tests on one machine."""
    return grpc.aio.insecure_channel(address, options=_options([service]))


def _options(services: Sequence[ServiceDescriptor]) -> list[tuple[str, Any]]:
    return [
        ("grpc.service_config", service_config(services)),
        ("grpc.enable_retries", 1),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        # gRPC's own pause grows to two minutes; a restarted service should be found again at once. To be refused costs
        # neither side anything worth saving.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MS),
        ("grpc.min_reconnect_backoff_ms", CONNECT_LIMIT_MS),
    ]
