"""One message of the national interface is answered once: the transaction runs, its answer is kept with its effect.

A refusal undoes what the transaction began and is not kept: the same message may be sent again and is judged anew.
Room: use cases of settlement. Next hop: services/settlement/usecases/his_settle_stay.py
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.core.errors import DomainError
from common.kit.db import UnitOfWork
from common.kit.statements import driver_of
from services.settlement.adapters import his_messages
from services.settlement.adapters.his_messages import AnsweredMessage
from services.settlement.domain.his_message import (
    MessageIdReused,
    TransactionNotOpen,
    check_sender,
    failure,
    success,
)
from services.settlement.usecases.his_admit_patient import admit_patient
from services.settlement.usecases.his_case import Case, Effect
from services.settlement.usecases.his_end_stay import end_stay
from services.settlement.usecases.his_identify_person import identify_person
from services.settlement.usecases.his_preview_stay import preview_stay
from services.settlement.usecases.his_reconcile_details import reconcile_details
from services.settlement.usecases.his_reconcile_totals import reconcile_totals
from services.settlement.usecases.his_reopen_stay import reopen_stay
from services.settlement.usecases.his_reverse_stay import reverse_stay
from services.settlement.usecases.his_settle_stay import settle_stay
from services.settlement.usecases.his_undo_message import undo_message

_TRANSACTIONS: Mapping[str, Callable[..., Awaitable[Effect]]] = {
    "1101": identify_person,
    "2401": admit_patient,
    "2402": end_stay,
    "2303": preview_stay,
    "2304": settle_stay,
    "2305": reverse_stay,
    "2405": reopen_stay,
    "2601": undo_message,
    "3201": reconcile_totals,
    "3202": reconcile_details,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The envelope as text, and whether it is the first answer of a repeated message."""

    text: str
    is_replay: bool = False


async def answer_message(uow: UnitOfWork, *, case: Case) -> Answered:
    """Answer a message; whatever a rule refuses becomes an envelope of failure with the reason in Chinese."""
    message = case.message
    try:
        check_sender(message=message)
        transaction = _TRANSACTIONS.get(message.transaction)
        if transaction is None:
            raise TransactionNotOpen(f"{message.transaction} is not open")
        await his_messages.hold_message(uow.connection, message.message_id)
        kept = await his_messages.find(uow.connection, message.message_id, institution_code=message.institution_code)
        if kept is not None:
            return _replay(case, kept)
        async with driver_of(uow.connection).transaction():
            effect = await transaction(uow, case=case)
    except DomainError as refusal:
        return Answered(
            _text(
                failure(
                    message_id=message.message_id,
                    treated_in=message.treated_in,
                    reason=refusal.detail_zh,
                    now=case.china_now,
                )
            )
        )
    return await _kept(uow, case, effect)


async def _kept(uow: UnitOfWork, case: Case, effect: Effect) -> Answered:
    message = case.message
    text = _text(success(message=message, output=effect.output, now=case.china_now))
    await his_messages.keep(
        uow.connection,
        message.message_id,
        institution_code=message.institution_code,
        answered=AnsweredMessage(
            infno=message.transaction,
            body_hash=message.body_hash,
            answer_sealed=case.desk.seal.close(text, context=message.message_id.encode()),
            mdtrt_id=effect.mdtrt_id,
            settlement_id=effect.settlement_id,
        ),
        received_at=case.now,
    )
    return Answered(text)


def _replay(case: Case, kept: AnsweredMessage) -> Answered:
    if kept.body_hash != case.message.body_hash:
        raise MessageIdReused("this msgid already answered another message")
    text = case.desk.seal.open(kept.answer_sealed, context=case.message.message_id.encode())
    return Answered(text, is_replay=True)


def _text(envelope: Mapping[str, Any]) -> str:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
