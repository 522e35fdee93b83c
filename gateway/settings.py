"""Settings of the gateway; read by app.py, worker.py and clients.py only."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from common.kit.settings import ServiceSettings

DATA_KEY_BYTES = 32


class Settings(ServiceSettings):
    """What the door needs beside the kit's settings."""

    data_key: SecretStr = Field(description="Key that seals the private signing keys at rest, 32 bytes as hex")
    upstream_seconds: float = Field(10.0, gt=0, description="Longest wait for a service's answer, in seconds")
    calls_per_second: int = Field(200, ge=1, description="Calls per second that one client may make")

    @field_validator("data_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            raw = bytes.fromhex(value.get_secret_value())
        except ValueError:
            raw = b""
        if len(raw) != DATA_KEY_BYTES:
            raise ValueError(f"must be {DATA_KEY_BYTES} bytes written as {DATA_KEY_BYTES * 2} hex digits")
        return value

    @property
    def data_key_bytes(self) -> bytes:
        """The key as bytes."""
        return bytes.fromhex(self.data_key.get_secret_value())

    @property
    def upstreams(self) -> dict[str, str]:
        """Service name to address, for the services that have one."""
        return self.service_urls


class ProvisioningSettings(Settings):
    """What `gateway.clients` needs beside: the secrets with which our own processes ask for tokens."""

    identity_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the client service-identity")
    settlement_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the client service-settlement")
    contracts_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the client service-contracts")
    monitoring_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the client service-monitoring")
    gateway_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the client service-gateway")

    @property
    def service_secrets(self) -> dict[str, str]:
        """Service name to secret, for those that have one."""
        secrets = {
            "identity": self.identity_client_secret,
            "settlement": self.settlement_client_secret,
            "contracts": self.contracts_client_secret,
            "monitoring": self.monitoring_client_secret,
            "gateway": self.gateway_client_secret,
        }
        return {name: secret.get_secret_value() for name, secret in secrets.items() if secret.get_secret_value()}
