"""Cost control (费用控制): what hospitals charged in a month, for the bureau and for each hospital its own.

Room: api of settlement. Next hop: services/settlement/usecases/read_cost_control.py
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from common.kit.auth import require_own
from common.kit.fields import CountyField, InstitutionField, ResponseModel
from common.kit.http import json_answer, secured, secured_router
from services.settlement.api.deps import Context, CurrentCaller, Uow, require_named
from services.settlement.usecases.read_cost_control import HospitalCost, read_cost_control

router = secured_router(tag="settlement")
MonthText = Annotated[
    str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Month of discharge, such as 2016-09")
]


class ShareOut(ResponseModel):
    """A kind's charges: of the stays that came with lines, or, outside the catalogue, of all."""

    kind: str = Field(description="drug, consumable, test or out_of_catalogue")
    fen: int
    of_fen: int
    share: str | None = Field(description="To four places; null where nothing was charged")
    limit: str | None = Field(description="The county's; null where it set none")
    is_over: bool = Field(description="The hospital's signal; no patient pays otherwise for it")


class PackagesOut(ResponseModel):
    """Stays paid by a package price against what was charged for them."""

    stay_count: int
    price_fen: int
    charged_fen: int
    over_count: int = Field(description="Stays charged above their price")
    over_fen: int


class HospitalCostOut(ResponseModel):
    """A hospital's month; `itemised` are the stays that came with lines."""

    institution_code: str
    stay_count: int
    total_fen: int
    itemised_count: int
    shares: list[ShareOut]
    packages: PackagesOut


class CostControlOut(ResponseModel):
    """Live stays of a county's insured discharged in a month, hospital by hospital."""

    county: str
    month: str
    hospitals: list[HospitalCostOut]


@router.get("/v1/cost-control", response_model=CostControlOut, **secured("his", "funds"))
async def get_cost_control(
    county: Annotated[CountyField, Query()],
    month: MonthText,
    caller: CurrentCaller,
    context: Context,
    uow: Uow,
    institution_code: Annotated[InstitutionField | None, Query()] = None,
) -> Response:
    """Answer shares of drugs, consumables, tests and cost outside the catalogue, and package prices against charges."""
    if caller.institution_code is None or "his" not in caller.scopes:
        require_own(caller, county=county)
    require_named(caller, institution_code)
    hospitals = await read_cost_control(
        uow,
        county=county,
        month=date.fromisoformat(f"{month}-01"),
        institution_code=caller.institution_code or institution_code,
        rules=context.cost_rules,
    )
    return json_answer({"county": county, "month": month, "hospitals": [_hospital(each) for each in hospitals]})


def _hospital(found: HospitalCost) -> dict[str, Any]:
    month, packages = found.month, found.month.packages
    return {
        "institution_code": month.institution_code,
        "stay_count": month.stay_count,
        "total_fen": month.total.fen,
        "itemised_count": month.itemised_count,
        "shares": [
            {
                "kind": each.kind.value,
                "fen": each.amount.fen,
                "of_fen": each.whole.fen,
                "share": None if each.share is None else str(each.share),
                "limit": None if each.limit is None else str(each.limit),
                "is_over": each.is_over,
            }
            for each in found.shares
        ],
        "packages": {
            "stay_count": packages.stay_count,
            "price_fen": packages.price.fen,
            "charged_fen": packages.charged.fen,
            "over_count": packages.over_count,
            "over_fen": packages.over.fen,
        },
    }
