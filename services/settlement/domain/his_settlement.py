"""A settlement in the fields of the national interface (结算信息、基金分项): yuan as text, the identities kept.

`medfee_sumamt` = the payments of all funds + `hosp_part_amt` + `psn_part_amt`; a layer without a field of its own is
`oth_pay` (conventions of the field, 1.9 and 1.11). Room: domain of settlement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from common.core.money import Money
from services.settlement.domain.his_codes import CodeLists

_FIELDS = {
    "basic": "hifp_pay",
    "large_amount": "hifob_pay",
    "critical_illness": "hifmi_pay",
    "medical_assistance": "maf_pay",
}
_OTHER = "oth_pay"
_NEVER_PAID = ("cvlserv_pay", "hifes_pay", "hifdm_pay", "acct_pay", "balc")
"""Civil servants' and companies' supplements and personal accounts are no layers here."""
_IN_PATIENT_CLEARING = "21"
_LONGEST_TEXT = 4000


def yuan(*, fen: int) -> str:
    """Return an amount as the interface writes it.

    >>> yuan(fen=-397160)
    '-3971.60'
    """
    return str(Money(fen))


def settlement_info(*, told: Mapping[str, Any], sign: int = 1) -> dict[str, str]:
    """Return the amounts of the node `setlinfo`.

    Args:
        told: The answer that the settlement's other interface gives (domain/receipt.py).
        sign: -1 for a reversal's mirrored amounts.
    """
    paid: Counter[str] = Counter(dict.fromkeys((*_FIELDS.values(), _OTHER), 0))
    for layer in told["layers"]:
        paid[_FIELDS.get(layer["layer"], _OTHER)] += layer["paid_fen"]
    amounts = {
        "medfee_sumamt": told["total_fen"],
        "fulamt_ownpay_amt": told["own_expense_fen"],
        "overlmt_selfpay": told["over_limit_fen"],
        "preselfpay_amt": told["first_self_pay_fen"],
        "inscp_scp_amt": told["in_scope_fen"],
        "act_pay_dedc": sum(layer["deductible_fen"] for layer in told["layers"] if layer["layer"] == "basic"),
        **paid,
        **dict.fromkeys(_NEVER_PAID, 0),
        "fund_pay_sumamt": told["fund_paid_fen"],
        "hosp_part_amt": told["hospital_borne_fen"],
        "psn_part_amt": told["patient_pays_fen"],
        "acct_mulaid_pay": (drawn := told.get("family_account_fen", 0)),
        "psn_cash_pay": told["patient_pays_fen"] - drawn,
    }
    return {name: yuan(fen=sign * fen) for name, fen in amounts.items()} | {
        "pool_prop_selfpay": _share(paid["hifp_pay"], told["in_scope_fen"]),
        "clr_optins": told["county"],
        "clr_way": "",
        "clr_type": _IN_PATIENT_CLEARING,
    }


def settlement_details(*, told: Mapping[str, Any], codes: CodeLists, sign: int = 1) -> list[dict[str, str]]:
    """Return the rows of the node `setldetail`: every layer that paid, in payer order."""
    return [_detail(layer, codes, sign) for layer in told["layers"] if layer["paid_fen"]]


def _detail(layer: Mapping[str, Any], codes: CodeLists, sign: int) -> dict[str, str]:
    fund = codes.fund_code(layer=layer["layer"], fund=layer["fund"])
    return {
        "fund_pay_type": fund.code,
        "fund_pay_type_name": fund.name,
        "inscp_scp_amt": yuan(fen=sign * layer["base_fen"]),
        "fund_payamt": yuan(fen=sign * layer["paid_fen"]),
        "setl_proc_info": "；".join(step["text"] for step in layer["steps"])[:_LONGEST_TEXT],
    }


def _share(part_fen: int, whole_fen: int) -> str:
    """Return the share that the pooled fund paid of the cost in scope, with four decimals."""
    share = Decimal(part_fen) / Decimal(whole_fen) if whole_fen else Decimal(0)
    return str(share.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))
