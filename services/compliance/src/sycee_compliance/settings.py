"""Every variable of this service, with its unit and default."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Read from SYCEE_COMPLIANCE_*; the variables that every service has are those of ServiceSettings."""

    model_config = settings_config("compliance")

    # Ed25519 private key of the log, PEM (PKCS#8). Needed: the service does not start without it.
    log_key_file: Path | None = None
    # Names the log in every signed head. Fixed once the log holds a leaf.
    log_id: str = Field(default="sycee", pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    # Requests that may wait for their batch; beyond it callers are told to come back.
    append_waiting_max: int = Field(default=1024, ge=1)
    # Leaves that share one commit.
    append_batch_max: int = Field(default=128, ge=1, le=1024)

    # CSV of all screening lists; unset = the small simulated sample that ships with the service.
    screening_list: Path | None = None
    # A list file that nobody renewed for so long no longer screens anyone.
    screening_max_age_h: float = Field(default=72, gt=0)
    # How often the file is looked at for a newer version.
    screening_reload_s: float = Field(default=60, gt=0)
