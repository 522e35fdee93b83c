"""The counter at admission asks what a patient holds and whether a deposit is asked (入院身份核验).

Room: api of settlement. Next hop: services/settlement/usecases/check_entitlement.py
"""

from __future__ import annotations

from datetime import date

from common.core.citizen_number import CitizenNumber
from common.kit.auth import require_own
from common.kit.fields import (
    CitizenNumberField,
    CountyField,
    DayField,
    InstitutionField,
    RequestModel,
    ResponseModel,
    ShortText,
)
from common.kit.http import secured, secured_router
from services.settlement.api.answers import PolicyOut, SentenceOut
from services.settlement.api.deps import Context, CurrentCaller, Uow
from services.settlement.domain.policy import CountyUnknown, InstitutionNotListed, PolicyNotInForce
from services.settlement.domain.recognition import PersonDeceased
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.check_entitlement import Admission, check_entitlement

router = secured_router(tag="settlement")


class EntitlementCheckIn(RequestModel):
    """Who is admitted where, insured in which county, on which day."""

    citizen_id: CitizenNumberField
    name: ShortText
    county: CountyField
    institution_code: InstitutionField
    on: DayField


class EntitlementCheckOut(ResponseModel):
    """What the patient holds on the day."""

    county: str
    institution_code: str
    on: date
    benefit_class: str
    counting_category: str | None
    categories: list[str]
    list_date: date | None
    identity_open: bool
    deposit_waived: bool
    deposit_reason: SentenceOut
    policy: PolicyOut


@router.post(
    "/v1/entitlements/check",
    **secured("his", problems=(CountyUnknown, PolicyNotInForce, InstitutionNotListed, PersonDeceased)),
)
async def post_check(
    body: EntitlementCheckIn, caller: CurrentCaller, context: Context, uow: Uow
) -> EntitlementCheckOut:
    """Answer categories, benefit class, list date, and whether the deposit is waived and why; nothing is stored."""
    require_own(caller, institution_code=body.institution_code)
    admission = Admission(CitizenNumber(body.citizen_id), body.name, body.county, body.institution_code, body.on)
    rules = Rules(policies=context.policies, person_key=context.person_key)
    held = await check_entitlement(uow, admission=admission, rules=rules)
    reason, version = held.deposit_reason, held.version
    return EntitlementCheckOut(
        county=body.county,
        institution_code=body.institution_code,
        on=body.on,
        benefit_class=held.benefit_class,
        counting_category=held.counting_category,
        categories=list(held.categories),
        list_date=held.list_date,
        identity_open=held.is_open,
        deposit_waived=held.is_deposit_waived,
        deposit_reason=SentenceOut(zh=reason.zh, en=reason.en),
        policy=PolicyOut(county=version.county, version_from=version.starts_on, digest=version.digest),
    )
