"""The two secrets of identity, ready for use.

Room: adapters of identity. Next hop: common/kit/sealing.py
"""

from __future__ import annotations

from dataclasses import dataclass

from common.kit.sealing import Seal


@dataclass(frozen=True, slots=True)
class Keys:
    """PERSON_KEY for ids and checks, DATA_KEY for what is stored."""

    person_key: bytes
    seal: Seal
