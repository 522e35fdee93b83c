"""The patient's slip is made from what was kept when settling; number and name are shown masked (结算单).

Room: use cases of settlement. Next hop: services/settlement/adapters/slip.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from common.core.citizen_number import CitizenNumber, masked_name
from common.core.errors import NotFound
from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.settlement.adapters import corrections, patients, settlements
from services.settlement.adapters.patients import SentPatient
from services.settlement.adapters.settlements import Kept
from services.settlement.adapters.slip import Slip, SlipLayer, SlipLine
from services.settlement.domain.capitals import capitals_of
from services.settlement.domain.explanation import class_label
from services.settlement.domain.policy import CountyPolicy, InstitutionNotListed, PolicyVersion
from services.settlement.domain.slip_code import slip_code
from services.settlement.usecases.read_corrections import read_corrections
from services.settlement.usecases.read_settlement import Reader, read_settlement

_BILL = (
    ("医疗总费用", "total_fen"),
    ("其中：自费", "own_expense_fen"),
    ("超限价", "over_limit_fen"),
    ("先行自付", "first_self_pay_fen"),
    ("政策范围内费用", "in_scope_fen"),
)
_NO_NUMBER = "临时身份，未登记"


class CorrectionNotFound(NotFound):
    """The settlement has no correction of that number."""

    code = "not_found"
    zh = "该结算没有此次更正"


@dataclass(frozen=True, slots=True)
class SlipPrint:
    """What a county's slips are printed with.

    Attributes:
        policies: County code -> policy.
        seal: Opens number and name, which are shown masked.
        code_key: Key of the codes (`slip_key`).
        public_url: Address at which a patient reaches the gateway.
    """

    policies: Mapping[str, CountyPolicy]
    seal: Seal
    code_key: bytes
    public_url: str


@dataclass(frozen=True, slots=True)
class _Result:
    """What a slip shows: the first result, or a corrected one with how it came about."""

    answer: Mapping[str, Any]
    trace: Mapping[str, Any]
    correction: str = ""
    ordinal: int = 0


async def render_slip(
    uow: UnitOfWork, *, settlement_id: UUID, reader: Reader, printed_with: SlipPrint, correction: int | None = None
) -> Slip:
    """Return the slip of the first result, or of a correction by its number.

    Raises:
        SettlementNotFound: If there is no such settlement, or it is somebody else's.
        CorrectionNotFound: If it has no correction of that number.
    """
    kept = await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    if correction is None:
        result = _Result(kept.answer, await settlements.stored_part(uow.connection, settlement_id, "trace"))
    else:
        result = await _corrected(uow, settlement_id, reader, correction)
    patient = await patients.patient_of(uow.connection, discharge_id=kept.discharge_id, seal=printed_with.seal)
    return _slip(kept, result, patient, printed_with)


async def _corrected(uow: UnitOfWork, settlement_id: UUID, reader: Reader, ordinal: int) -> _Result:
    found = await read_corrections(uow, settlement_id=settlement_id, reader=reader)
    each = next((each for each in found if each.kept.ordinal == ordinal), None)
    if each is None:
        raise CorrectionNotFound(f"the settlement has no correction {ordinal}")
    trace = await corrections.trace_of(uow.connection, settlement_id=settlement_id, ordinal=ordinal)
    more = Money(abs(each.patient_fen))
    change = "个人应付不变"
    if each.patient_fen:
        change = f"退还个人 {more} 元" if each.patient_fen < 0 else f"个人补缴 {more} 元"
    booked_on = china_date(each.kept.booked_at).isoformat()
    return _Result(each.result, trace, f"第 {ordinal} 次更正（{booked_on}），较前次结果：{change}", ordinal)


def _slip(kept: Kept, result: _Result, patient: SentPatient, printed_with: SlipPrint) -> Slip:
    answer, trace, policy = result.answer, result.trace, printed_with.policies[kept.county]
    code = slip_code(settlement_id=kept.settlement_id, ordinal=result.ordinal, key=printed_with.code_key)
    version = policy.version_on(day=date.fromisoformat(answer["policy"]["version_from"]))
    return Slip(
        settlement_id=str(kept.settlement_id),
        record_no=kept.record_no,
        attempt=kept.attempt,
        hospital=hospital_name(policy=policy, kept=kept),
        county=policy.name,
        settled_on=china_date(kept.settled_at).isoformat(),
        discharged_on=kept.discharged_on.isoformat(),
        name=masked_name(patient.name),
        number=CitizenNumber(patient.citizen_id).masked if patient.citizen_id else _NO_NUMBER,
        class_label=class_label(version=version, name=answer["entitlement"]["benefit_class"]),
        is_identity_open=answer["entitlement"]["identity_open"],
        is_reversed=not kept.is_live,
        correction=result.correction,
        bill=[SlipLine(text, _yuan(answer[field])) for text, field in _BILL],
        layers=list(_layers(trace, version)),
        sentences=[each["zh"] for each in answer["explanation"]],
        fund_paid=_yuan(answer["fund_paid_fen"]),
        fund_capitals=capitals_of(Money(answer["fund_paid_fen"])),
        hospital_borne=_yuan(answer["hospital_borne_fen"]),
        patient_pays=_yuan(answer["patient_pays_fen"]),
        patient_capitals=capitals_of(Money(answer["patient_pays_fen"])),
        split=_split(answer),
        version_from=answer["policy"]["version_from"],
        digest=answer["policy"]["digest"],
        code=code,
        verify_url=f"{printed_with.public_url}/v1/slips/{code}",
    )


def _split(answer: Mapping[str, Any]) -> list[SlipLine]:
    """Return how the share is borne where the household's account bears some of it, and what a claim gives back."""
    if answer.get("patient_receives_fen") is not None:
        return [SlipLine("费用已由个人垫付，基金返还个人", _yuan(answer["patient_receives_fen"]))]
    if not answer.get("family_account_fen"):
        return []
    parts = (("其中：门诊家庭账户支付", "family_account_fen"), ("现金支付", "cash_fen"))
    return [SlipLine(text, _yuan(answer[field])) for text, field in parts]


def _layers(trace: Mapping[str, Any], version: PolicyVersion) -> Iterator[SlipLayer]:
    """Give the layers of the class that was kept, each with the steps that show its rule."""
    labels = {each.name: each.label for each in version.layers}
    chosen = next(each for each in trace["compared"] if each["benefit_class"] == trace["benefit_class"])
    for layer in chosen["layers"]:
        steps = [
            SlipLine(step["zh"], _yuan(step["fen"]), any(read["assumed"] for read in step["reads"]))
            for step in layer["steps"]
        ]
        label, paid = labels.get(layer["layer"], layer["layer"]), Money(layer["paid_fen"])
        yield SlipLayer(label, str(paid), capitals_of(paid), steps)


def hospital_name(*, policy: CountyPolicy, kept: Kept) -> str:
    """Return the institution's name; its code where the county has since dropped it from the table."""
    try:
        return policy.institution_on(code=kept.institution_code, day=kept.discharged_on).name
    except InstitutionNotListed:
        return kept.institution_code


def _yuan(fen: int) -> str:
    return str(Money(fen))
