"""Settings every process has. A service's `settings.py` adds its own; only `app.py` and `worker.py` read them.

The environment variable of a field is its name in capitals; every process has an environment of its own.
"""

from __future__ import annotations

import sys
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    broker_database_url: SecretStr = Field(SecretStr(""), description="Database of the embedded broker")

    jwks_url: str = Field("", description="Key set that signs tokens, usually the gateway's /.well-known/jwks.json")
    token_issuer: str = Field("yizhan", description="Issuer a token must name")
    token_audience: str = Field("yizhan", description="Audience a token must name")
    gateway_url: str = Field("", description="Address of the gateway, for service tokens")
    service_client_id: str = Field("", description="Client id with which this process asks for its own tokens")
    service_client_secret: SecretStr = Field(SecretStr(""), description="Secret that belongs to service_client_id")
    cursor_key: SecretStr = Field(SecretStr(""), description="Key that signs list cursors, 32 bytes as hex")


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load_settings(kind: type[SettingsT]) -> SettingsT:
    """Read the environment, or end the process with one readable line per missing or wrong value."""
    try:
        return kind()
    except ValidationError as refusal:
        lines = [f"  {str(each['loc'][0]).upper()}: {each['msg']}" for each in refusal.errors(include_input=False)]
        sys.exit("settings are not complete (every setting stands in .env.example):\n" + "\n".join(lines))
