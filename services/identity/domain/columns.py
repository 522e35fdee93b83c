"""The columns of a bureau's list: which header means what (conventions.md 5.4, api.md "Rosters").

Room: domain of identity. Next hop: services/identity/domain/roster.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.core.errors import Refused
from services.identity.domain.category import CIVIL_AFFAIRS, plain_text

HOUSEHOLD_NO = "household_no"
NAME = "name"
CITIZEN_ID = "citizen_id"
CATEGORY = "category"
RELATION = "relation"
TOWNSHIP = "township"
VILLAGE = "village"
PHONE = "phone"
RECOGNISED_ON = "recognised_on"

ALIASES: Mapping[str, tuple[str, ...]] = {
    HOUSEHOLD_NO: ("户编号", "户号", "household_no"),
    NAME: ("姓名", "患者姓名", "户主姓名", "name"),
    CITIZEN_ID: (
        "身份证号",
        "身份证号码",
        "身份证件号码",
        "公民身份号码",
        "证件号码",
        "citizen_id",
    ),
    CATEGORY: ("救助身份", "身份类别", "人员身份", "category"),
    RELATION: ("与户主关系", "relation"),
    TOWNSHIP: ("镇街", "镇(街)", "街镇", "乡镇", "township"),
    VILLAGE: ("村", "行政村", "village"),
    PHONE: ("电话", "联系电话", "手机号", "phone"),
    RECOGNISED_ON: ("识别日期", "首次识别时间", "人员识别时间", "认定日期", "recognised_on"),
}
_FIELD_OF = {plain_text(alias).lower(): field for field, aliases in ALIASES.items() for alias in aliases}
_REQUIRED = (HOUSEHOLD_NO, NAME, CITIZEN_ID)


class ColumnsUnusable(Refused):
    """A list lacks a required column, or two of its columns mean the same."""

    code = "malformed_body"

    def __init__(self, code: str, columns: Sequence[str], detail: str, zh: str) -> None:
        names = "、".join(columns)
        told = f"{detail} {names}"
        super().__init__(
            told,
            zh=f"{zh}：{names}",
            errors=[{"pointer": "#/file", "code": code, "detail": told}],
        )


def fields_of(*, header: Sequence[str], source: str) -> list[str | None]:
    """Return, per column, the field it holds, or None for one that is not read.

    Raises:
        ColumnsUnusable: If a required column is missing or a field stands in two columns.
    """
    fields = [_FIELD_OF.get(plain_text(title).lower()) for title in header]
    required = (*_REQUIRED, CATEGORY) if source == CIVIL_AFFAIRS else _REQUIRED
    missing = [ALIASES[field][0] for field in required if field not in fields]
    if missing:
        raise ColumnsUnusable("columns_missing", missing, "the list has no column", "名单缺少列")
    known = [field for field in fields if field is not None]
    doubled = sorted({ALIASES[field][0] for field in known if known.count(field) > 1})
    if doubled:
        raise ColumnsUnusable("columns_doubled", doubled, "two columns mean", "有两列同为")
    return fields
