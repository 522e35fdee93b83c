"""Settings every process has. A service's `settings.py` adds its own; only `app.py` and `worker.py` read them.

The environment variable of a field is its name in capitals; every process has an environment of its own.
"""

from __future__ import annotations

import sys
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.kit.failpoints import parsed


class ServiceSettings(BaseSettings):
    """What the kit needs to run an HTTP process or a worker."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: SecretStr = Field(description="Own database: postgresql+asyncpg://user:password@host:port/name")
    database_pool_size: int = Field(10, ge=1, le=100, description="Connections kept open by this process")

    host: str = Field("127.0.0.1", description="Address the HTTP process listens on")
    port: int = Field(0, ge=0, le=65535, description="Port of the HTTP process; 0 lets the system choose")
    metrics_host: str = Field("127.0.0.1", description="Address of /metrics")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /metrics; 0 switches it off")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity that is logged")
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="Largest request body in bytes")
    request_seconds: float = Field(8.0, gt=0, description="Longest time one request may work, in seconds")

    broker: Literal["embedded", "kafka"] = Field("embedded", description="Where events travel")
    kafka_bootstrap: str = Field("", description="host:port list of Kafka; needed when broker is kafka")
    kafka_session_seconds: float = Field(30, ge=6, le=300, description="Silence after which Kafka gives a member up")
    broker_database_url: SecretStr = Field(SecretStr(""), description="Database of the embedded broker")

    jwks_url: str = Field("", description="Key set that signs tokens, usually the gateway's /.well-known/jwks.json")
    token_issuer: str = Field("yizhan", description="Issuer a token must name")
    token_audience: str = Field("yizhan", description="Audience a token must name")
    gateway_url: str = Field("", description="Address of the gateway, for service tokens")
    service_client_id: str = Field("", description="Client id with which this process asks for its own tokens")
    service_client_secret: SecretStr = Field(SecretStr(""), description="Secret that belongs to service_client_id")
    cursor_key: SecretStr = Field(SecretStr(""), description="Key that signs list cursors, 32 bytes as hex")

    identity_url: str = Field("", description="Address of identity's HTTP process")
    settlement_url: str = Field("", description="Address of settlement's HTTP process")
    contracts_url: str = Field("", description="Address of contracts' HTTP process")
    monitoring_url: str = Field("", description="Address of monitoring's HTTP process")
    heads_age_seconds: float = Field(30.0, ge=0, description="Age from which an event counts in a comparison of heads")
    gap_wait_seconds: float = Field(30.0, ge=0, description="How long a gap waits before the producer's log is asked")
    compare_seconds: float = Field(300.0, gt=0, description="Time between two comparisons of heads, in seconds")

    failpoint: str = Field("", description="For fault tests: where this process dies or freezes, name[:nth[:pause]]")

    @field_validator("failpoint")
    @classmethod
    def _is_a_failpoint(cls, value: str) -> str:
        parsed(value)
        return value

    @property
    def service_urls(self) -> dict[str, str]:
        """Service name to address, for those that have one."""
        addresses = {
            "identity": self.identity_url,
            "settlement": self.settlement_url,
            "contracts": self.contracts_url,
            "monitoring": self.monitoring_url,
        }
        return {name: address.rstrip("/") for name, address in addresses.items() if address}


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load_settings(kind: type[SettingsT]) -> SettingsT:
    """Read the environment, or end the process with one readable line per missing or wrong value."""
    try:
        return kind()
    except ValidationError as refusal:
        lines = [_told(".".join(map(str, each["loc"])), each["msg"]) for each in refusal.errors(include_input=False)]
        sys.exit("settings are not complete (every setting stands in .env.example):\n" + "\n".join(lines))


def _told(setting: str, wrong: str) -> str:
    """Return one line; a rule over several settings names them in its own text."""
    return f"  {setting.upper()}: {wrong}" if setting else f"  {wrong}"
