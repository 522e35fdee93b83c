"""Sealed values open with their own key, in their own place, unchanged."""

from __future__ import annotations

import pytest

from common.kit.sealing import Seal, SealBroken

SEAL = Seal(bytes(range(32)))


def test_opens_what_it_closed_and_never_closes_alike() -> None:
    first, second = (SEAL.close("211381196503150011", context=b"a") for _ in range(2))

    assert SEAL.open(first, context=b"a") == "211381196503150011"
    assert first != second
    assert first[:4] == second[:4]
    assert b"2113" not in first


@pytest.mark.parametrize(
    ("seal", "context", "flip"),
    [(Seal(bytes(32)), b"a", 0), (SEAL, b"b", 0), (SEAL, b"a", 1)],
    ids=["another key", "another place", "a changed byte"],
)
def test_does_not_open_otherwise(seal: Seal, context: bytes, flip: int) -> None:
    sealed = bytearray(SEAL.close("secret", context=b"a"))
    sealed[-1] ^= flip

    with pytest.raises(SealBroken):
        seal.open(bytes(sealed), context=context)


def test_needs_a_key_of_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Seal(b"short")


def test_leaves_nothing_as_nothing() -> None:
    assert SEAL.close_optional(None, context=b"a") is None
    assert SEAL.open_optional(None, context=b"a") is None
