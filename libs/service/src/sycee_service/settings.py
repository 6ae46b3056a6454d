"""The variables that every service takes from its environment, frozen once read.

A service extends it:

    class Settings(ServiceSettings):
        model_config = settings_config("limits")     # SYCEE_LIMITS_LISTEN, SYCEE_LIMITS_DATABASE_URL, …
        hold_minutes: int = 30
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = ("127.0.0.1", "[::1]", "localhost")


def settings_config(service: str) -> SettingsConfigDict:
    """The configuration of a service's settings class: prefix `SYCEE_<SERVICE>_`, frozen, inputs never shown."""
    return SettingsConfigDict(
        env_prefix=f"SYCEE_{service.upper()}_", frozen=True, extra="ignore", hide_input_in_errors=True
    )


def _host_port(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) <= 65_535):
        raise ValueError("must be host:port, such as 127.0.0.1:7001 (port 0 takes a free one)")
    return address


Address = Annotated[str, AfterValidator(_host_port)]


class ServiceSettings(BaseSettings):
    """What every service needs; each field is the variable `SYCEE_<SERVICE>_<FIELD>`."""

    model_config = settings_config("service")

    listen: Address = "127.0.0.1:0"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    # Only for tests, and only on the loopback interface. A server refuses to start with neither this nor certificates.
    allow_plaintext: bool = False

    database_url: SecretStr | None = None
    database_pool_size: int = Field(default=8, ge=1, le=200)
    database_wait_s: float = Field(default=30, ge=0, description="how long a start waits for PostgreSQL")
    migrate_on_start: bool = True
    idempotency_retention_days: int = Field(default=30, ge=1)

    nats_url: str | None = None
    outbox_batch: int = Field(default=200, ge=1, le=5_000)
    outbox_poll_ms: int = Field(default=1_000, ge=10)
    # How long a wake waits for company: at load one batch then carries many events.
    outbox_linger_ms: int = Field(default=20, ge=0)

    metrics_listen: Address | None = None
    otlp_endpoint: str | None = None
    trace_sample_ratio: float = Field(default=0.01, ge=0, le=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_ok_ratio: float = Field(default=0.0, ge=0, le=1, description="share of OK calls logged; errors always are")

    default_deadline_ms: int = Field(default=5_000, ge=1)
    deadline_margin_ms: int = Field(default=20, ge=0)
    drain_s: float = Field(default=10, ge=0)
    max_message_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    max_concurrent_rpcs: int = Field(default=1_000, ge=1)
    health_interval_ms: int = Field(default=1_000, ge=10)
    health_timeout_ms: int = Field(default=1_000, ge=10)

    @property
    def service(self) -> str:
        """The service's name, such as `limits`, out of the prefix of its variables."""
        prefix = str(self.model_config.get("env_prefix") or "SYCEE_SERVICE_")
        return prefix.removeprefix("SYCEE_").removesuffix("_").lower()

    @model_validator(mode="after")
    def _check_transport(self) -> Self:
        files = (self.tls_cert, self.tls_key, self.tls_ca)
        if any(files) and not all(files):
            raise ValueError("tls_cert, tls_key and tls_ca come together")
        if self.allow_plaintext and self.listen.rpartition(":")[0] not in _LOOPBACK:
            raise ValueError("allow_plaintext is for tests: it wants listen on a loopback address")
        return self
