"""The variables of this service, each `SYCEE_INGESTION_<FIELD>`, frozen once read."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """What every service takes, and the following."""

    model_config = settings_config("ingestion")

    # 32 raw bytes, or a line of 64 hexadecimal digits for each master key, the newest last: it wraps the keys that seal
    # personal data, and the others open what they wrapped until the next clearing has wrapped it anew.
    data_key_file: Path
    # The folder that ImportFile reads from; without it the RPC is refused.
    import_root: Path | None = None
    import_poll_ms: int = Field(default=250, ge=10, description="how often new imports are looked for")
    watch_interval_ms: int = Field(default=200, ge=10, description="how often a watched import is looked at")
    # Portraits of the past kept in memory until anything new is stored of their merchants; some 15 kB each.
    past_portraits_kept: int = Field(default=2_000, ge=1)
    # In the background a merchant is portrayed anew once nothing came of it for `quiet`, and after `latest` anyway.
    portray_poll_ms: int = Field(
        default=100, ge=10, description="how often merchants that want portraying are looked for"
    )
    portray_quiet_ms: int = Field(default=400, ge=0)
    portray_latest_ms: int = Field(default=4_000, ge=0)
    # The hour of Asia/Shanghai at which what may not be kept any longer is cleared away, beside each start.
    retention_hour: int = Field(default=3, ge=0, le=23)
    quarantine_kept_days: int = Field(default=90, ge=1, description="how long rows that could not be read are held")
    # Rows of one import that may be held in quarantine: more of them say that its mapping is wrong, and fail it.
    import_held_most: int = Field(default=100_000, ge=0)
    # YAML: subjects of the bus whose messages are events (`sycee_ingestion.subscriptions`); without it there are none.
    subscriptions_file: Path | None = None
    subscription_in_flight: int = Field(default=256, ge=1, le=10_000, description="messages of one under way at most")
    document_poll_ms: int = Field(default=500, ge=10, description="how often unread documents are looked for")
    # A page takes one to three seconds on a free core; whatever reads longer is killed and tried again.
    document_timeout_ms: int = Field(default=60_000, ge=1_000)
    # An import holds one connection while it uses another, and so does the reading of documents.
    database_pool_size: int = Field(default=8, ge=2, le=200)
