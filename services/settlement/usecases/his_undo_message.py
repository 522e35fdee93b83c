"""2601: the effect of a message whose answer never arrived is undone (冲正), by that message's own number.

Room: use cases of settlement. Next hop: services/settlement/usecases/reverse_settlement.py
"""

from __future__ import annotations

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from services.settlement.adapters import his_messages, his_stays
from services.settlement.domain.his_message import MessageIdReused, is_own
from services.settlement.domain.his_node import Node, node_of
from services.settlement.domain.his_stay import HisStay, NotServed, check_person
from services.settlement.usecases.his_case import Case, Effect, refuse_settled
from services.settlement.usecases.reverse_settlement import reverse_settlement

REASON = "2601 冲正"
_SETTLEMENT, _ADMISSION, _REVERSAL = "2304", "2401", "2305"


class MessageUnknown(NotFound):
    """The institution has no answered message of that number."""

    code = "his_message_unknown"
    zh = "没有找到原报文，未发生任何业务；若原报文仍在途中，请待其应答后再冲正"


async def undo_message(uow: UnitOfWork, *, case: Case) -> Effect:
    """Undo a settlement or an admission by the number of the message that made it; undone again nothing moves.

    Waits for the original while it is still running.

    Raises:
        NotServed: If messages of that transaction cannot be undone in this way.
        MessageUnknown: If no such message was answered with success.
        StayOutOfOrder: If the admission's stay is settled.
        FieldWrong: If the person or the transaction is another than the original's.
    """
    node = node_of(given=case.message.given, name="data")
    transaction, message_id = node.text("oinfno"), node.text("omsgid")
    _check_served(transaction)
    if not is_own(message_id=message_id, institution_code=case.message.institution_code):
        raise MessageUnknown("omsgid is not the institution's")
    await his_messages.hold_message(uow.connection, message_id)
    original = await his_messages.find(uow.connection, message_id, institution_code=case.message.institution_code)
    if original is None or original.mdtrt_id is None:
        raise MessageUnknown("no answered message of that omsgid")
    if original.infno != transaction:
        raise MessageIdReused("omsgid is of another transaction", zh=f"原报文的交易编号是 {original.infno}")
    stay = await _held(uow, case, node, original.mdtrt_id)
    if original.settlement_id is None:
        await refuse_settled(uow, stay=stay)
        await his_stays.cancel(uow.connection, stay.mdtrt_id)
    else:
        await reverse_settlement(
            uow,
            settlement_id=original.settlement_id,
            institution_code=stay.institution_code,
            reason=f"{REASON} {message_id}",
            client_id=case.client_id,
            now=case.now,
        )
    return Effect(mdtrt_id=stay.mdtrt_id, settlement_id=original.settlement_id)


def _check_served(transaction: str) -> None:
    if transaction == _REVERSAL:
        raise NotServed("a reversal is not undone", zh="结算撤销不能冲正；如需恢复，请重新办理住院结算（2304）")
    if transaction not in {_SETTLEMENT, _ADMISSION}:
        raise NotServed("such messages are not undone", zh=f"交易 {transaction} 不支持冲正")


async def _held(uow: UnitOfWork, case: Case, node: Node, mdtrt_id: str) -> HisStay:
    message = case.message
    stay = await his_stays.find(
        uow.connection, mdtrt_id, institution_code=message.institution_code, seal=case.desk.seal, lock=True
    )
    check_person(node=node, stay=stay, insured_in=message.insured_in)
    return stay
