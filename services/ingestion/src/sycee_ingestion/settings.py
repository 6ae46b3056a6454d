"""The variables of this service, each `SYCEE_INGESTION_<FIELD>`, frozen once read."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """What every service takes, and the following."""

    model_config = settings_config("ingestion")

    # 32 raw bytes or 64 hexadecimal digits; the keys that seal personal data are derived from it.
    data_key_file: Path
    # The folder that ImportFile reads from; without it the RPC is refused.
    import_root: Path | None = None
    import_poll_ms: int = Field(default=250, ge=10, description="how often new imports are looked for")
    watch_interval_ms: int = Field(default=200, ge=10, description="how often a watched import is looked at")
    # Portraits kept in memory until anything new is stored of their merchants; some 5 kB each.
    portraits_kept: int = Field(default=5_000, ge=1)
    # A merchant's profile_changed events lie at least this far apart.
    announce_interval_ms: int = Field(default=1_000, ge=10)
    # An import holds one connection while it uses another.
    database_pool_size: int = Field(default=8, ge=2, le=200)
