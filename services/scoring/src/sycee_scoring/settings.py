"""The variables of this service. What scores is none of them: it comes with the code or is kept in the registry."""

from __future__ import annotations

from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """`SYCEE_SCORING_…`: listen address, certificates, database, bus, telemetry."""

    model_config = settings_config("scoring")
