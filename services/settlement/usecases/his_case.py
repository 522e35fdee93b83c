"""What every transaction of the national interface is given, and what it hands back.

Room: use cases of settlement. Next hop: services/settlement/usecases/his_answer_message.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.kit.clock import CHINA, china_date
from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.settlement.adapters import his_stays, settlements
from services.settlement.domain.his_codes import CodeLists
from services.settlement.domain.his_message import Message
from services.settlement.domain.his_node import Node
from services.settlement.domain.his_stay import HisStay, StayOutOfOrder, check_person
from services.settlement.usecases.assess_discharge import Rules


@dataclass(frozen=True, slots=True)
class Desk:
    """What the composition root gives: policies and key, the seal of stored names, the code lists."""

    rules: Rules
    seal: Seal
    codes: CodeLists


@dataclass(frozen=True, slots=True)
class Case:
    """One message at the desk."""

    message: Message
    desk: Desk
    client_id: str
    now: datetime

    @property
    def today(self) -> date:
        """China day of now."""
        return china_date(self.now)

    @property
    def china_now(self) -> datetime:
        """Now in China time, as the interface writes it."""
        return self.now.astimezone(CHINA)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a transaction answers, and what it was about."""

    output: Mapping[str, Any] = field(default_factory=dict)
    mdtrt_id: str | None = None
    settlement_id: UUID | None = None


async def stay_named(uow: UnitOfWork, *, case: Case, node: Node, lock: bool) -> HisStay:
    """Return the stay that a node names with its own person.

    Raises:
        StayUnknown: If the institution has no such stay.
        FieldWrong: If the person, the county or the insurance is another than the stay's.
    """
    message = case.message
    stay = await his_stays.find(
        uow.connection,
        node.text("mdtrt_id"),
        institution_code=message.institution_code,
        seal=case.desk.seal,
        lock=lock,
    )
    check_person(node=node, stay=stay, insured_in=message.insured_in)
    return stay


async def refuse_settled(uow: UnitOfWork, *, stay: HisStay) -> None:
    """Let a stay pass that has no live settlement; its row is held.

    Raises:
        StayOutOfOrder: If it has one.
    """
    latest = await settlements.latest_of_record(
        uow.connection, institution_code=stay.institution_code, record_no=stay.mdtrt_id
    )
    if latest is not None and latest.is_live:
        raise StayOutOfOrder("the stay is settled", zh="人员已结算，请先撤销结算（2305）或冲正（2601）")
