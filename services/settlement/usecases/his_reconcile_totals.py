"""3201: a hospital's sums of a period are held against ours (对总账), by insurance and kind of clearing.

Room: use cases of settlement. Next hop: services/settlement/usecases/stays_of_period.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.domain.his_node import node_of
from services.settlement.domain.his_statement import part_of, stated_of, totals_told
from services.settlement.domain.policy import policy_of
from services.settlement.domain.reconciliation import totals_of
from services.settlement.usecases.his_case import Case, Effect
from services.settlement.usecases.stays_of_period import stays_of_period


async def reconcile_totals(uow: UnitOfWork, *, case: Case) -> Effect:
    """Answer whether the sums agree; that they differ is an answer (`stmt_rslt`), no refusal.

    Raises:
        FieldWrong, NotServed, CountyUnknown, PeriodImpossible: If the input does not fit.
    """
    desk = case.desk
    node = node_of(given=case.message.given, name="data")
    office = policy_of(policies=desk.rules.policies, county=node.text("setl_optins")).county
    stated = stated_of(node=node)
    first, last = node.day("stmt_begndate"), node.day("stmt_enddate")
    ours = await stays_of_period(
        uow,
        institution_code=case.message.institution_code,
        first=first,
        last=last,
        records=(),
        part=part_of(node=node, county=office, codes=desk.codes),
    )
    found = totals_of(ours=ours, first=first, last=last)
    return Effect({"stmtinfo": totals_told(stated=stated, ours=found, office=office, codes=desk.codes)})
