"""Settings of settlement, read only by app.py and worker.py."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from common.kit.sealing import KEY_BYTES
from common.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What settlement needs beside the kit's settings."""

    person_key: SecretStr = Field(description="Key of person ids and name checks as hex, the same in identity")
    data_key: SecretStr = Field(description="Key of what is stored encrypted, 32 bytes as hex")
    public_url: str = Field("", description="Address at which patients reach the gateway, on slips; usual: GATEWAY_URL")
    his_message_days: int = Field(
        default=185,
        ge=30,
        le=3650,
        description="How long a repeat is answered as the first time, in days; of 2304 and 2401 for ever",
    )

    @model_validator(mode="after")
    def _keys_are_usable(self) -> Self:
        for name in ("person_key", "data_key"):
            try:
                length = len(bytes.fromhex(getattr(self, name).get_secret_value()))
            except ValueError:
                length = 0
            if length < KEY_BYTES:
                raise ValueError(f"{name.upper()} is not {KEY_BYTES} bytes as hex")
        return self
