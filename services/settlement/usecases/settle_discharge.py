"""A discharge is settled and booked in one transaction, and the fact told (出院结算).

Room: use cases of settlement. Next hop: common/kit/outbox.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.core.errors import Conflict
from common.core.ids import named_id
from common.kit.clock import china_date, rfc3339
from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from common.published.settlement import DischargeSettled, LayerPaid
from services.settlement.adapters import accumulators, gap_cases, settlements
from services.settlement.adapters.settlements import Booking, Kept
from services.settlement.domain.assessment import Assessment
from services.settlement.domain.chart import Chart
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.earmark import Earmark, earmarks_of
from services.settlement.domain.ledger import settlement_entry
from services.settlement.domain.patient_record import patient_as_text
from services.settlement.domain.receipt import Identity, answer_of, balances_as_told, inputs_of, trace_of
from services.settlement.usecases.assess_discharge import Rules, assess_discharge
from services.settlement.usecases.draw_family_account import book_draw
from services.settlement.usecases.refuse_second_telling import refuse_second_telling


class RecordInProgress(Conflict):
    """Another call for the same record is still running."""

    code = "in_progress"
    zh = "同一病案号的请求正在处理中，请稍后重试"


class DischargeAlreadySettled(Conflict):
    """The record lives as a settlement of another body; reverse it first."""

    code = "discharge_already_settled"
    zh = "该病案号已结算且内容不同，请先冲正"


_NO_LEDGERS = Chart(())


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer, and whether this call booked it."""

    answer: dict[str, Any]
    is_new: bool


async def settle_discharge(
    uow: UnitOfWork, *, discharge: Discharge, rules: Rules, seal: Seal, now: datetime
) -> Settled:
    """Settle a discharge once: an equal one that lives already is answered with what stands.

    Raises:
        RecordInProgress: If another call for the record is running.
        DischargeAlreadySettled: If the record lives with another body.
        StaySettledOtherwise: If the stay lives under another record number, told through the other interface.
        DatesImpossible, BillInconsistent, CountyUnknown, PolicyNotInForce, InstitutionNotListed, PersonDeceased: As
            `admit` and `recognise` say.
    """
    connection = uow.connection
    place = {"institution_code": discharge.institution_code, "record_no": discharge.record_no}
    if not await settlements.hold_record(connection, **place):
        raise RecordInProgress("another call for this record is running", retry_after_seconds=1)
    latest = await settlements.latest_of_record(connection, **place)
    if latest is not None and latest.is_live:
        return _standing(latest, discharge)
    assessment = await assess_discharge(uow, discharge=discharge, rules=rules, today=china_date(now), holding=True)
    await refuse_second_telling(
        uow, discharge=discharge, person_id=assessment.recognition.person_id, person_key=rules.person_key
    )
    identity = _identity(discharge, attempt=latest.attempt + 1 if latest else 1)
    booking = _booking(assessment, identity, seal, now)
    entry_id = named_id("journal_entry", identity.settlement_id, "settlement")
    entry = settlement_entry(
        entry_id=entry_id, calculation=assessment.chosen, earmarks=_earmarks(assessment, rules.charts)
    )
    await settlements.book(connection, booking, entry)
    await accumulators.move_balances(
        connection,
        person_id=booking.person_id,
        county=booking.county,
        year=assessment.year,
        changes=assessment.chosen.changes,
    )
    if assessment.from_account:
        policy = rules.policies[booking.county]
        await book_draw(uow, assessment, policy=policy, settlement_id=booking.settlement_id, now=now)
    await _open_gap_case(uow, booking, assessment)
    uow.publish(_told(assessment, identity), occurred_at=now)
    return Settled(booking.answer, is_new=True)


def _earmarks(assessment: Assessment, charts: Mapping[str, Chart]) -> tuple[Earmark, ...]:
    """Return what sub-ledgers bear of the stay (分类单独记账)."""
    admitted = assessment.admitted
    return earmarks_of(
        chart=charts.get(admitted.discharge.county, _NO_LEDGERS),
        version=admitted.version,
        stay=assessment.stay,
        bill=admitted.bill,
        before=assessment.before,
        chosen=assessment.chosen,
    )


async def _open_gap_case(uow: UnitOfWork, booking: Booking, assessment: Assessment) -> None:
    """Open a case where all layers together miss the county's target (个案处理)."""
    gap = assessment.chosen.gap
    if gap is not None:
        await gap_cases.open_found(
            uow.connection,
            settlement_id=booking.settlement_id,
            county=booking.county,
            person_id=booking.person_id,
            missing=gap.missing,
            now=booking.settled_at,
        )


def _standing(latest: Kept, discharge: Discharge) -> Settled:
    if latest.body_hash == discharge.body_hash:
        return Settled(latest.answer, is_new=False)
    raise DischargeAlreadySettled(
        "this record is settled with another body; reverse it before it is settled again",
        settlement_id=str(latest.settlement_id),
        link=f"/v1/settlements/{latest.settlement_id}",
    )


def _identity(discharge: Discharge, *, attempt: int) -> Identity:
    parts = (discharge.institution_code, discharge.record_no, attempt)
    return Identity(named_id("settlement", *parts), named_id("discharge", *parts), attempt)


def _booking(assessment: Assessment, identity: Identity, seal: Seal, now: datetime) -> Booking:
    discharge, chosen = assessment.admitted.discharge, assessment.chosen
    return Booking(
        settlement_id=identity.settlement_id,
        discharge_id=identity.discharge_id,
        attempt=identity.attempt,
        person_id=assessment.recognition.person_id,
        county=discharge.county,
        institution_code=discharge.institution_code,
        payee=discharge.payee,
        record_no=discharge.record_no,
        township=discharge.patient.township,
        patient_sealed=seal.close(patient_as_text(patient=discharge.patient), context=identity.discharge_id.bytes),
        settled_at=now,
        discharged_on=discharge.discharged_on,
        year=assessment.year,
        total_fen=chosen.bill.total.fen,
        fund_paid_fen=chosen.fund_paid.fen,
        hospital_borne_fen=chosen.hospital_borne.fen,
        patient_pays_fen=chosen.patient_pays.fen,
        body_hash=discharge.body_hash,
        inputs=inputs_of(assessment=assessment),
        answer=answer_of(assessment=assessment, identity=identity, settled_at=rfc3339(now)),
        trace=trace_of(
            judgement=assessment.judgement, categories=assessment.recognition.categories, drawn=assessment.drawn
        ),
        changes=balances_as_told(balances=chosen.changes),
    )


def _told(assessment: Assessment, identity: Identity) -> DischargeSettled:
    discharge, recognition, chosen = assessment.admitted.discharge, assessment.recognition, assessment.chosen
    return DischargeSettled(
        county=discharge.county,
        settlement_id=identity.settlement_id,
        discharge_id=identity.discharge_id,
        attempt=identity.attempt,
        person_id=recognition.person_id,
        institution_code=discharge.institution_code,
        visit_type=discharge.visit_type,
        referral_kind=discharge.referral,
        admitted_on=discharge.admitted_on,
        discharged_on=discharge.discharged_on,
        diagnoses=list(discharge.diagnoses),
        total_fen=chosen.bill.total.fen,
        own_expense_fen=chosen.bill.own_expense.fen,
        over_limit_fen=chosen.bill.over_limit.fen,
        first_self_pay_fen=chosen.bill.first_self_pay.fen,
        in_scope_fen=chosen.bill.in_scope.fen,
        layers=[LayerPaid(layer=each.layer, fund=each.fund, paid_fen=each.paid.fen) for each in chosen.layers],
        hospital_borne_fen=chosen.hospital_borne.fen,
        patient_pays_fen=chosen.patient_pays.fen,
        benefit_class=chosen.benefit_class,
        identity_open=recognition.is_open,
        provisional=recognition.is_provisional,
        township=discharge.patient.township,
        policy_digest=assessment.admitted.version.digest,
    )
