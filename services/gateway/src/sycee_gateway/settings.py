"""The variables of the gateway."""

from __future__ import annotations

from pydantic import Field
from sycee_service.settings import Address, ServiceSettings, settings_config

from sycee_gateway.peers import Deadlines


class Settings(ServiceSettings):
    """Each field is the variable `SYCEE_GATEWAY_<FIELD>`.

    The deadlines of the steps together stay below the five seconds that a caller waits by default.
    """

    model_config = settings_config("gateway")

    ingestion_address: Address = "127.0.0.1:7001"
    scoring_address: Address = "127.0.0.1:7002"
    esg_address: Address = "127.0.0.1:7003"
    limits_address: Address = "127.0.0.1:7004"
    compliance_address: Address = "127.0.0.1:7005"

    policy: str = "policy-2026.2"

    # Nobody waits for the event of a decision, so many travel together.
    outbox_linger_ms: int = Field(default=200, ge=0)

    profile_deadline_ms: int = Field(default=2_000, ge=1)
    party_deadline_ms: int = Field(default=900, ge=1)
    score_deadline_ms: int = Field(default=900, ge=1)
    fraud_deadline_ms: int = Field(default=900, ge=1)
    recourse_deadline_ms: int = Field(default=900, ge=1)
    esg_deadline_ms: int = Field(default=500, ge=1)
    ledger_deadline_ms: int = Field(default=1_200, ge=1)
    rules_deadline_ms: int = Field(default=900, ge=1)
    log_deadline_ms: int = Field(default=800, ge=1)

    catalogue_max_age_s: int = Field(default=30, ge=1)
    max_decisions_under_way: int = Field(default=500, ge=1)
    # A decision that is unfinished this long after its evidence was complete is taken up by the sweeper.
    unfinished_after_ms: int = Field(default=8_000, ge=0)
    sweep_interval_ms: int = Field(default=2_000, ge=10)

    def addresses(self) -> dict[str, str]:
        """Where each service is, by its name."""
        return {
            "ingestion": self.ingestion_address,
            "scoring": self.scoring_address,
            "esg": self.esg_address,
            "limits": self.limits_address,
            "compliance": self.compliance_address,
        }

    def deadlines(self) -> Deadlines:
        """The deadlines of the steps, in seconds."""
        return Deadlines(
            profile_s=self.profile_deadline_ms / 1_000,
            party_s=self.party_deadline_ms / 1_000,
            score_s=self.score_deadline_ms / 1_000,
            fraud_s=self.fraud_deadline_ms / 1_000,
            recourse_s=self.recourse_deadline_ms / 1_000,
            esg_s=self.esg_deadline_ms / 1_000,
            ledger_s=self.ledger_deadline_ms / 1_000,
            rules_s=self.rules_deadline_ms / 1_000,
            log_s=self.log_deadline_ms / 1_000,
        )
