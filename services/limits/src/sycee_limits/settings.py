"""Every variable of this service, with its unit and default."""

from pathlib import Path

from pydantic import Field
from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Read from SYCEE_LIMITS_*; the variables that every service has are those of ServiceSettings."""

    model_config = settings_config("limits")

    # Folder with products.yaml, lenders.yaml and policy.yaml; unset = the catalogue that ships with the service.
    catalogue: Path | None = None
    # How often holds whose time ran out are looked for, in milliseconds.
    sweep_interval_ms: int = Field(default=1_000, ge=10)
    # Holds whose expiry is posted in one transaction.
    sweep_batch: int = Field(default=200, ge=1, le=1_000)
