"""The variables of this service. It has no own ones: what scores is committed with the code, not configured."""

from __future__ import annotations

from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """`SYCEE_SCORING_…`: listen address, certificates, telemetry. No database and no bus."""

    model_config = settings_config("scoring")
