"""The code on a slip (结算单验证码): which result it shows, and that it was we who printed it.

Settlement and number of the correction, with a keyed check behind them, in letters and digits that a QR code holds
densely. Nothing of the patient is in it. Room: domain of settlement.
Next hop: services/settlement/usecases/verify_slip.py
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode, b32encode
from uuid import UUID

from common.core.errors import NotFound

_ID_BYTES, _ORDINAL_BYTES, _CHECK_BYTES = 16, 2, 10
_CHARACTERS_A_GROUP = 8
_PURPOSE = b"yizhan slip code 1"


class SlipUnknown(NotFound):
    """No slip with this code was ever printed here."""

    code = "slip_unknown"
    zh = "未查到该结算单，谨防假冒；请核对二维码或验证码是否完整"


def slip_key(*, data_key: bytes) -> bytes:
    """Return the key of the codes, drawn from the service's own, so that no paper says anything about that one."""
    return hmac.new(data_key, _PURPOSE, hashlib.sha256).digest()


def slip_code(*, settlement_id: UUID, ordinal: int, key: bytes) -> str:
    """Return the code of a result: 45 capitals and digits.

    Args:
        settlement_id: Of the settlement.
        ordinal: Number of the correction; 0 for the first result.
        key: As `slip_key` gives it.
    """
    told = settlement_id.bytes + ordinal.to_bytes(_ORDINAL_BYTES, "big")
    return b32encode(told + _check(told, key)).decode().rstrip("=")


def read_slip_code(*, code: str, key: bytes) -> tuple[UUID, int]:
    """Return settlement and correction of a code.

    Raises:
        SlipUnknown: If it is none of ours.
    """
    try:
        whole = b32decode(code + "=" * (-len(code) % _CHARACTERS_A_GROUP))
    except ValueError:
        raise SlipUnknown("no slip has this code") from None
    told, check = whole[: _ID_BYTES + _ORDINAL_BYTES], whole[_ID_BYTES + _ORDINAL_BYTES :]
    if not hmac.compare_digest(check, _check(told, key)):
        raise SlipUnknown("no slip has this code")
    return UUID(bytes=told[:_ID_BYTES]), int.from_bytes(told[_ID_BYTES:], "big")


def _check(told: bytes, key: bytes) -> bytes:
    return hmac.new(key, told, hashlib.sha256).digest()[:_CHECK_BYTES]
