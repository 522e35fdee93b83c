"""3202: a hospital's sums and its stays are held against ours (对明细账), each stay that differs with its reason.

The platform takes the details as an uploaded file (9101), which is not open here: they come as rows of the node
`detail`, and so do the stays that differ. Room: use cases of settlement.
Next hop: services/settlement/usecases/reconcile.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.domain.his_node import FieldWrong, node_of, nodes_of
from services.settlement.domain.his_statement import details_told, stated_stays, stated_totals
from services.settlement.domain.his_stay import NotServed
from services.settlement.domain.policy import policy_of
from services.settlement.domain.reconciliation import Part
from services.settlement.usecases.his_case import Case, Effect
from services.settlement.usecases.reconcile import reconcile


async def reconcile_details(uow: UnitOfWork, *, case: Case) -> Effect:
    """Answer whether sums and details agree, and every stay that does not.

    Raises:
        NotServed: If the details are named by an uploaded file.
        FieldWrong, CountyUnknown, PeriodImpossible: If the input does not fit.
    """
    given, desk = case.message.given, case.desk
    node = node_of(given=given, name="data")
    if node.optional("file_qury_no"):
        raise NotServed("9101 is not open", zh="文件上传（9101）尚未开通，请在节点 detail 中列出明细")
    if given.get("detail") is None:
        raise FieldWrong("input.detail is missing", zh="交易输入缺少节点 detail")
    office = policy_of(policies=desk.rules.policies, county=node.text("setl_optins")).county
    found = await reconcile(
        uow,
        institution_code=case.message.institution_code,
        first=node.day("stmt_begndate"),
        last=node.day("stmt_enddate"),
        theirs=stated_totals(node=node),
        details=stated_stays(rows=nodes_of(given=given, name="detail")),
        part=Part(county=office),
    )
    return Effect(
        details_told(stated=found.theirs, ours=found.ours, differing=found.differences, office=office, codes=desk.codes)
    )
