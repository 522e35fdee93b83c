"""Reconciliation in the fields of the national interface (对总账、对明细账): what is stated, what is told.

The period counts what lives now by the China day of its settlement; a reversed settlement counts nowhere, so a hospital
that lists it apart (`refd_setl_flag`) is refused. Room: domain of settlement.
Next hop: services/settlement/domain/reconciliation.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.his_codes import CodeLists
from services.settlement.domain.his_id import national_id
from services.settlement.domain.his_node import FieldWrong, Node
from services.settlement.domain.his_settlement import yuan
from services.settlement.domain.his_stay import NotServed
from services.settlement.domain.reconciliation import (
    Amounts,
    Difference,
    InsuranceKind,
    Part,
    Reason,
    TheirStay,
    Totals,
)

MOST_DETAILS = 20_000
_LONGEST_TEXT = 200
_NO = frozenset({"", "0"})
_REASONS: Mapping[Reason, str] = {
    Reason.AMOUNTS_DIFFER: "金额不一致",
    Reason.LISTED_TWICE: "明细重复",
    Reason.NOT_LISTED: "中心已结算，机构明细中没有",
    Reason.NOT_SETTLED: "中心没有该就诊的结算",
    Reason.REVERSED: "中心已撤销该结算",
    Reason.SETTLED_OUTSIDE_PERIOD: "不在对账期间内结算",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """The totals that 3201 states.

    Attributes:
        total: 医疗费总额.
        fund_paid: 基金支付总额.
        account_paid: 个人账户支出; there are no personal accounts here, so ours is zero.
        count: 定点医药机构结算笔数.
    """

    total: Money
    fund_paid: Money
    account_paid: Money
    count: int


def stated_of(*, node: Node) -> Stated:
    """Return the totals of 3201.

    Raises:
        FieldWrong: If a field does not fit.
        NotServed: If only settlements that were given back are meant.
    """
    if node.optional("refd_setl_flag") not in _NO:
        raise NotServed(
            "reversed settlements are not reconciled apart", zh="暂不支持退费结算单独对账（refd_setl_flag）"
        )
    return Stated(
        total=node.money("medfee_sumamt"),
        fund_paid=node.money("fund_pay_sumamt"),
        account_paid=node.money("acct_pay"),
        count=node.count("fixmedins_setl_cnt"),
    )


def stated_totals(*, node: Node) -> Totals:
    """Return the totals of 3202."""
    return Totals(node.count("fixmedins_setl_cnt"), _amounts(node))


def stated_stays(*, rows: Sequence[Node]) -> tuple[TheirStay, ...]:
    """Return the details of 3202, known by their `mdtrt_id`.

    Raises:
        FieldWrong: If a field does not fit, or there are more than 20 000.
    """
    if len(rows) > MOST_DETAILS:
        raise FieldWrong(f"more than {MOST_DETAILS} details", zh=f"对账明细超过 {MOST_DETAILS} 条，请按日分次对账")
    return tuple(TheirStay(row.text("mdtrt_id"), _amounts(row)) for row in rows)


def part_of(*, node: Node, county: str, codes: CodeLists) -> Part:
    """Return which part of the settlements 3201 is about.

    Raises:
        NotServed: If the kind of insurance or of clearing is not in the lists.
    """
    insutype, clearing = node.text("insutype"), node.text("clr_type")
    if insutype not in codes.schemes:
        raise NotServed("insutype is not in the list", zh=f"不支持的险种类型 {insutype}")
    if clearing not in codes.clearings:
        raise NotServed("clr_type is not in the list", zh=f"不支持的清算类别 {clearing}")
    scheme = codes.schemes[insutype]
    named = scheme if codes.insurance_code(scheme) == insutype else None
    return Part(county, InsuranceKind(insutype, named), codes.clearings[clearing])


def totals_told(*, stated: Stated, ours: Totals, office: str, codes: CodeLists) -> dict[str, Any]:
    """Return the node `stmtinfo` of 3201: equal or not, and in words every sum that differs."""
    pairs = (
        ("医疗费总额", yuan(fen=stated.total.fen), yuan(fen=ours.amounts.total.fen)),
        ("基金支付总额", yuan(fen=stated.fund_paid.fen), yuan(fen=ours.amounts.fund_paid.fen)),
        ("个人账户支出", yuan(fen=stated.account_paid.fen), yuan(fen=ZERO.fen)),
        ("结算笔数", str(stated.count), str(ours.count)),
    )
    return _statement(pairs, agrees=True, office=office, codes=codes)


def details_told(
    *, stated: Totals, ours: Totals, differing: Sequence[Difference], office: str, codes: CodeLists
) -> dict[str, Any]:
    """Return the nodes of 3202: `stmtinfo` about the sums, and one row of `detail` for every stay that differs."""
    pairs = (
        ("医疗费总额", yuan(fen=stated.amounts.total.fen), yuan(fen=ours.amounts.total.fen)),
        ("基金支付总额", yuan(fen=stated.amounts.fund_paid.fen), yuan(fen=ours.amounts.fund_paid.fen)),
        ("个人现金支出", yuan(fen=stated.amounts.patient_paid.fen), yuan(fen=ours.amounts.patient_paid.fen)),
        ("结算笔数", str(stated.count), str(ours.count)),
    )
    return {
        "stmtinfo": _statement(pairs, agrees=not differing, office=office, codes=codes),
        "fileinfo": {"file_qury_no": "", "filename": "", "dld_endtime": ""},
        "detail": [_detail(each, codes) for each in differing],
    }


def _statement(pairs: Sequence[tuple[str, str, str]], *, agrees: bool, office: str, codes: CodeLists) -> dict[str, str]:
    unlike = [f"{name}：机构 {theirs}，中心 {ours}" for name, theirs, ours in pairs if theirs != ours]
    code, name = codes.results[agrees and not unlike]
    return {
        "setl_optins": office,
        "stmt_rslt": code,
        "stmt_rslt_dscr": "；".join([name, *unlike])[:_LONGEST_TEXT],
    }


def _detail(each: Difference, codes: CodeLists) -> dict[str, str]:
    own = each.ours
    return {
        "mdtrt_id": each.record_no,
        "setl_id": "" if own is None else national_id(UUID(own.settlement_id)),
        "stmt_rslt": codes.results[False][0],
        "memo": _REASONS[each.reason],
        "medfee_sumamt": "" if own is None else yuan(fen=own.amounts.total.fen),
        "fund_pay_sumamt": "" if own is None else yuan(fen=own.amounts.fund_paid.fen),
        "cash_payamt": "" if own is None else yuan(fen=own.amounts.patient_paid.fen),
    }


def _amounts(node: Node) -> Amounts:
    return Amounts(node.money("medfee_sumamt"), node.money("fund_pay_sumamt"), node.money("cash_payamt"))
