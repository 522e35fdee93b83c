"""The national code lists (services/settlement/codes/national.yaml), read as text and checked strictly at the start.

Room: adapters of settlement. Next hop: services/settlement/domain/his_codes.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked
from services.settlement.domain.his_codes import CodeLists, FundCode
from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme, VisitType

CODES_FILE = Path(__file__).resolve().parents[1] / "codes" / "national.yaml"
_LISTS = {"insutype", "med_type", "psn_insu_stas", "psn_idet_type", "clr_type", "stmt_rslt", "fund_pay_type"}
_RESULTS = {"equal": True, "different": False}


def load_codes(path: Path = CODES_FILE) -> CodeLists:
    """Return the lists of the file.

    Raises:
        DataFileInvalid: If it is not as its own comments say, a code is named twice, or an answer would lack a code.
    """
    try:
        whole = entry(load_text_yaml(path), "the file", _LISTS)
        return _complete(_lists(whole))
    except (DataFileInvalid, ValueError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error


def _lists(whole: Mapping[str, Any]) -> CodeLists:
    return CodeLists(
        schemes={row["code"]: Scheme(row["scheme"]) for row in _rows(whole, "insutype", "scheme")},
        referrals={row["code"]: Referral(row["referral"]) for row in _rows(whole, "med_type", "referral")},
        states={InsuranceState(row["state"]): row["code"] for row in _rows(whole, "psn_insu_stas", "state")},
        categories={row["category"]: (row["code"], row["name"]) for row in _rows(whole, "psn_idet_type", "category")},
        clearings=_clearings(_rows(whole, "clr_type", "visit_type", doubled=True)),
        results={_result(row): (row["code"], row["name"]) for row in _rows(whole, "stmt_rslt", "result")},
        funds=tuple(
            FundCode(row["code"], row["name"], row["layer"], row["fund"])
            for row in _rows(whole, "fund_pay_type", "layer", "fund", doubled=True)
        ),
    )


def _clearings(rows: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[VisitType]]:
    found: dict[str, frozenset[VisitType]] = {}
    for row in rows:
        found[row["code"]] = found.get(row["code"], frozenset()) | {VisitType(row["visit_type"])}
    return found


def _result(row: Mapping[str, Any]) -> bool:
    if row["result"] not in _RESULTS:
        raise DataFileInvalid(f"stmt_rslt: result is {' or '.join(_RESULTS)}, not {row['result']}")
    return _RESULTS[row["result"]]


def _rows(whole: Mapping[str, Any], name: str, *keys: str, doubled: bool = False) -> Sequence[Mapping[str, Any]]:
    rows = [marked(row, f"{name}[{at}]", {"code", "name", *keys}) for at, row in enumerate(whole[name])]
    codes = [row["code"] for row in rows]
    if not doubled and len(set(codes)) != len(codes):
        raise DataFileInvalid(f"{name} names a code twice; keep one")
    return rows


def _complete(lists: CodeLists) -> CodeLists:
    if set(Scheme) - set(lists.schemes.values()):
        raise DataFileInvalid("insutype lacks a scheme; add one row for each")
    if set(InsuranceState) - set(lists.states):
        raise DataFileInvalid("psn_insu_stas lacks a state; add one row for each")
    if len(lists.results) != len(_RESULTS):
        raise DataFileInvalid("stmt_rslt lacks equal or different; add one row for each")
    if not lists.funds or (lists.funds[-1].layer, lists.funds[-1].fund) != ("", ""):
        raise DataFileInvalid('fund_pay_type must end with a row of layer "" and fund "" that meets all others')
    return lists
