"""Settings of identity, read only by app.py and worker.py."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from common.kit.sealing import KEY_BYTES, Seal
from common.kit.settings import ServiceSettings
from services.identity.adapters.sealing import Keys


class Settings(ServiceSettings):
    """What identity needs beside the kit's settings."""

    person_key: SecretStr = Field(description="Key of person ids and name checks as hex, the same in settlement")
    data_key: SecretStr = Field(description="Key of what is stored encrypted, 32 bytes as hex")

    @field_validator("person_key", "data_key")
    @classmethod
    def _is_usable(cls, value: SecretStr) -> SecretStr:
        try:
            length = len(bytes.fromhex(value.get_secret_value()))
        except ValueError:
            length = 0
        if length < KEY_BYTES:
            raise ValueError(f"not {KEY_BYTES} bytes as hex")
        return value

    def keys(self) -> Keys:
        """Return the two secrets, ready for use."""
        return Keys(
            person_key=bytes.fromhex(self.person_key.get_secret_value()),
            seal=Seal(bytes.fromhex(self.data_key.get_secret_value())),
        )
