"""The envelope of the national interface (交易报文): what came, what goes back, and by what a repeat is known.

Room: domain of settlement. Next hop: services/settlement/domain/his_node.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.core.errors import Refused

INSTITUTION_LENGTH = 12
_NOWHERE = "000000"
_SERIAL_DIGITS = 10
_LONGEST_ERROR = 200


class TransactionNotOpen(Refused):
    """The interface does not speak this transaction."""

    code = "his_transaction_not_open"
    zh = "交易尚未开通"


class MessageIdForeign(Refused):
    """The message's number does not begin with the sender's institution code."""

    code = "his_message_id_foreign"
    zh = "发送方报文ID的前 12 位与定点医药机构编号不一致"


class MessageIdReused(Refused):
    """The number was used for a message of other content."""

    code = "his_message_id_reused"
    zh = "该发送方报文ID已用于内容不同的报文，请使用新的报文ID"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came.

    Attributes:
        transaction: Number of the transaction (交易编号, `infno`).
        message_id: The sender's (发送方报文ID, `msgid`), 30 characters.
        institution_code: 定点医药机构编号.
        insured_in: 参保地医保区划; empty when not told.
        treated_in: 就医地医保区划; empty when not told.
        given: The input.
    """

    transaction: str
    message_id: str
    institution_code: str
    insured_in: str
    treated_in: str
    given: Mapping[str, Any]

    @property
    def body_hash(self) -> bytes:
        """SHA-256 of what the message says; who sends it again may sign in, sign and stamp it anew."""
        said = [self.transaction, self.insured_in, self.treated_in, self.given]
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).digest()


def check_sender(*, message: Message) -> None:
    """Let a message pass whose number its own institution made.

    Raises:
        MessageIdForeign: If the number begins with another institution's code.
    """
    if not is_own(message_id=message.message_id, institution_code=message.institution_code):
        raise MessageIdForeign("msgid does not begin with fixmedins_code")


def is_own(*, message_id: str, institution_code: str) -> bool:
    """Say whether an institution made the number."""
    return message_id[:INSTITUTION_LENGTH] == institution_code


def success(*, message: Message, output: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the envelope of a success.

    Args:
        message: What is answered.
        output: The transaction's content.
        now: In China time.
    """
    return _envelope(message.message_id, message.treated_in, now, infcode="0", err_msg="", output=output)


def failure(*, message_id: str, treated_in: str, reason: str, now: datetime) -> dict[str, Any]:
    """Return the envelope of a refusal: nothing happened; `now` in China time."""
    return _envelope(message_id, treated_in, now, infcode="-1", err_msg=reason[:_LONGEST_ERROR], output={})


def _envelope(
    message_id: str, treated_in: str, now: datetime, *, infcode: str, err_msg: str, output: Mapping[str, Any]
) -> dict[str, Any]:
    at = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
    serial = int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:8], "big") % 10**_SERIAL_DIGITS
    return {
        "infcode": infcode,
        "inf_refmsgid": f"{treated_in or _NOWHERE}{now:%Y%m%d%H%M%S}{serial:0{_SERIAL_DIGITS}d}",
        "refmsg_time": at,
        "respond_time": at,
        "enctype": "",
        "signtype": "",
        "cainfo": "",
        "err_msg": err_msg,
        "warn_msg": "",
        "output": output,
    }
