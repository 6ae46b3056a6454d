"""Settings of the ESG service: environment variables with the prefix SYCEE_ESG_."""

from __future__ import annotations

from sycee_service.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """What every service takes; ESG has neither database nor bus and needs nothing of its own."""

    model_config = settings_config("esg")
