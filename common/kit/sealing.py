"""Encryption at rest: citizen numbers, names and phones are stored sealed with AES-256-GCM under DATA_KEY.

A sealed value begins with the id of its key, so that a later key can be told from an earlier one. Look-up never opens
anything: it uses the keyed hashes of common/core/citizen_number.py.
"""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class SealBroken(ValueError):
    """A sealed value was made with another key, for another place, or was changed."""


class Seal:
    """Seals short texts under one key; a value opens only in the context it was sealed for."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"DATA_KEY has {len(key)} bytes, it must have {KEY_BYTES}")
        self._key_id = hashlib.sha256(b"key id\x1f" + key).digest()[:_KEY_ID_BYTES]
        self._cipher = AESGCM(key)

    def close(self, text: str, *, context: bytes) -> bytes:
        """Return key id, nonce and ciphertext of the text."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self._key_id + nonce + self._cipher.encrypt(nonce, text.encode(), context)

    def open(self, sealed: bytes, *, context: bytes) -> str:
        """Return the text.

        Raises:
            SealBroken: If the key or the context is another one, or a byte was changed.
        """
        if sealed[:_KEY_ID_BYTES] != self._key_id:
            raise SealBroken("sealed with a key that this process does not have")
        nonce, body = sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, context).decode()
        except InvalidTag as error:
            raise SealBroken("sealed for another place, or changed") from error

    def close_optional(self, text: str | None, *, context: bytes) -> bytes | None:
        """Return the sealed text, or None for None."""
        return None if text is None else self.close(text, context=context)

    def open_optional(self, sealed: bytes | None, *, context: bytes) -> str | None:
        """Return the text, or None for None."""
        return None if sealed is None else self.open(sealed, context=context)
