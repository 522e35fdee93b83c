"""A plan of relief is put before the leading group: from which money, which stays, how much and why (精准救助方案).

Room: use cases of settlement. Next hop: services/settlement/usecases/decide_relief_plan.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from common.core.errors import Conflict, NotFound, Refused
from common.core.money import ZERO, Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import gap_cases, reliefs, unpaid_shares
from services.settlement.adapters.gap_cases import CaseState
from services.settlement.adapters.locks import hold
from services.settlement.adapters.reliefs import Grant, Plan
from services.settlement.domain.chart import Chart, require_purpose
from services.settlement.domain.relief import LAYER, ReliefClass, Weighed, require_emergency
from services.settlement.usecases.change_budget import chart_of, year_of


class GapCaseNotFound(NotFound):
    """The stay is no gap case of the county."""

    code = "gap_case_not_found"
    zh = "该结算不是本县的个案，请先立案（/v1/gap-cases）"


class AlreadyRelieved(Conflict):
    """The same costs are relieved, or in a plan already."""

    code = "already_relieved"
    zh = "同一费用已获救助或已列入其他方案"


class ReliefAboveShare(Refused):
    """More is granted than the patient has to pay."""

    code = "relief_above_share"
    zh = "救助金额超过个人负担"


class CaseVoid(Conflict):
    """The settlement was reversed, so nobody bears anything of it."""

    code = "settlement_reversed"
    zh = "该结算已冲正"


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """What one stay is to get; the note is for the group alone and never published."""

    settlement_id: UUID
    relief_class: ReliefClass
    weighed: tuple[Weighed, ...]
    note: str
    amount: Money


@dataclass(frozen=True, slots=True)
class WantedPlan:
    """A plan as a bureau states it; an empty ledger is the fund itself."""

    county: str
    fund: str
    ledger: str
    document: str
    proposed_by: str
    grants: tuple[WantedGrant, ...]


async def open_relief_plan(
    uow: UnitOfWork, *, wanted: WantedPlan, charts: Mapping[str, Chart], client_id: str, now: datetime
) -> Plan:
    """Keep a plan; nothing is booked before a second person approves it.

    Raises:
        CountyUnknown: If the county has no chart.
        FundUnknown, PurposeMismatch: If the money may not be used for precise relief.
        GapCaseNotFound, CaseVoid, AlreadyRelieved, ReliefAboveShare: If a stay cannot get what is wanted.
        OffEmergency: If the emergency fund would pay for something else, or more than is unpaid.
    """
    chart, today = chart_of(charts=charts, county=wanted.county), china_date(now)
    require_purpose(chart=chart, fund=wanted.fund, ledger=wanted.ledger, layer=LAYER, within=year_of(today.year))
    for settlement_id in sorted(each.settlement_id for each in wanted.grants):
        await hold(uow.connection, "relief", str(settlement_id))
    for each in wanted.grants:
        await _require_open(uow, wanted.county, each)
        unpaid = await unpaid_shares.find(uow.connection, each.settlement_id)
        require_emergency(
            fund=wanted.fund,
            relief_class=each.relief_class,
            amount=each.amount,
            open_share=ZERO if unpaid is None else unpaid.open,
        )
    plan = Plan(
        plan_id=uuid4(),
        county=wanted.county,
        fund=wanted.fund,
        ledger=wanted.ledger,
        document=wanted.document,
        proposed_by=wanted.proposed_by,
        opened_at=now,
        opened_by=client_id,
    )
    await reliefs.keep(uow.connection, plan, [_grant(plan, each, at) for at, each in enumerate(wanted.grants, 1)])
    return plan


async def _require_open(uow: UnitOfWork, county: str, wanted: WantedGrant) -> None:
    settlement_id = str(wanted.settlement_id)
    case = await gap_cases.find(uow.connection, wanted.settlement_id)
    if case is None or case.county != county:
        raise GapCaseNotFound("the settlement is no gap case of the county", settlement_id=settlement_id)
    if case.state is CaseState.VOID:
        raise CaseVoid("the settlement was reversed", settlement_id=settlement_id)
    if case.plan_id is not None:
        raise AlreadyRelieved("the same costs are in a plan", settlement_id=settlement_id, plan_id=str(case.plan_id))
    if wanted.amount.fen > case.cash_fen:
        raise ReliefAboveShare(
            f"the patient's share is {case.patient_pays_fen} fen",
            settlement_id=settlement_id,
            patient_pays_fen=case.patient_pays_fen,
        )


def _grant(plan: Plan, wanted: WantedGrant, line_no: int) -> Grant:
    return Grant(
        plan_id=plan.plan_id,
        line_no=line_no,
        settlement_id=wanted.settlement_id,
        relief_class=wanted.relief_class.value,
        weighed=tuple(each.value for each in wanted.weighed),
        note=wanted.note,
        amount_fen=wanted.amount.fen,
    )
