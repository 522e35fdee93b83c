"""A bureau's list (名单): every row read by itself, good or with the reasons why not.

Room: domain of identity. A bad row never stops a list. Next hop: services/identity/domain/conflicts.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.core.citizen_number import CitizenNumber, CitizenNumberInvalid, parse_citizen_number
from common.core.ids import TownshipCode
from services.identity.domain import columns
from services.identity.domain.category import CIVIL_AFFAIRS, REGISTERED_POOR, category_of, plain_text
from services.identity.domain.county import CountyRules

FULL = "full"
CHANGES = "changes"
FIRST_YEAR = 1949
_LIMITS = {
    columns.HOUSEHOLD_NO: 40,
    columns.NAME: 60,
    columns.CITIZEN_ID: 40,
    columns.CATEGORY: 60,
    columns.RELATION: 20,
    columns.TOWNSHIP: 40,
    columns.VILLAGE: 60,
    columns.PHONE: 30,
    columns.RECOGNISED_ON: 40,
}
_HEADS = ("户主", "本人")
_DATE = re.compile(
    r"([0-9]{4})(?:[-/.年]([0-9]{1,2})(?:[-/.月]([0-9]{1,2})日?)?月?|([0-9]{2})([0-9]{2})?)(?:00:00:00)?"
)
_SPREADSHEET_DAY = re.compile(r"[1-5][0-9]{4}([.][0-9]+)?")
_SPREADSHEET_ZERO = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is not taken: a stable code, the column, and one sentence in English and Chinese."""

    code: str
    field: str
    detail: str
    detail_zh: str


@dataclass(frozen=True, slots=True)
class RosterTerms:
    """What the sender said about the list as a whole."""

    county: str
    source: str
    kind: str
    as_of: date


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row as read; `number` is None when it failed, `reasons` is empty for a good row."""

    row_no: int
    household_no: str
    name: str
    number_text: str
    number: CitizenNumber | None
    category: str | None
    relation: str | None
    township: TownshipCode | None
    village: str | None
    phone: str | None
    recognised_on: date | None
    reasons: tuple[Reason, ...] = ()

    @property
    def is_head(self) -> bool:
        """Whether the row names the head of its household (户主)."""
        return self.relation in _HEADS


def read_row(
    *, row_no: int, cells: Mapping[str, str], terms: RosterTerms, rules: CountyRules, today: date
) -> RosterRow:
    """Read one row; whatever is wrong with it becomes a reason.

    Args:
        row_no: Line in the file, the header being 1.
        cells: Field -> text; a column the file lacks is absent.
        terms: What the list says about itself.
        rules: The county's tables.
        today: China date of the import; nothing may lie after it.
    """
    reasons: list[Reason] = []
    texts = {field: _text(field, cells.get(field, ""), reasons) for field in columns.ALIASES}
    return RosterRow(
        row_no=row_no,
        household_no=_needed(columns.HOUSEHOLD_NO, plain_text(texts[columns.HOUSEHOLD_NO]), reasons),
        name=_needed(columns.NAME, texts[columns.NAME], reasons),
        number_text=texts[columns.CITIZEN_ID],
        number=_number(texts[columns.CITIZEN_ID], today, reasons),
        category=_category(texts[columns.CATEGORY], terms, rules, reasons),
        relation=texts[columns.RELATION] or None,
        township=_township(texts[columns.TOWNSHIP], terms, rules, reasons),
        village=texts[columns.VILLAGE] or None,
        phone=texts[columns.PHONE] or None,
        recognised_on=_recognised_on(texts[columns.RECOGNISED_ON], today, reasons),
        reasons=tuple(reasons),
    )


def cells_of(*, fields: Sequence[str | None], values: Sequence[str]) -> dict[str, str]:
    """Return field -> text of one line; columns nobody reads are left out."""
    return {field: value for field, value in zip(fields, values, strict=False) if field is not None}


def masked_number_text(text: str) -> str:
    """Return a delivered number, right or wrong, as it may be shown.

    >>> masked_number_text("211381196503150011"), masked_number_text("2113")
    ('211381********0011', '2***')
    """
    if len(text) >= len("211381000000000"):
        return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}"
    return text[:1] + "*" * (len(text) - 1)


def parse_list_date(*, text: str) -> date | None:
    """Read a date as lists write it, a month meaning its first day; None when it is none.

    A five-digit number is a spreadsheet's own count of days.

    >>> parse_list_date(text="2016年3月5日"), parse_list_date(text="201603"), parse_list_date(text="2016-02-30")
    (datetime.date(2016, 3, 5), datetime.date(2016, 3, 1), None)
    >>> parse_list_date(text="42374")
    datetime.date(2016, 1, 5)
    """
    plain = plain_text(text)
    if _SPREADSHEET_DAY.fullmatch(plain):
        return _SPREADSHEET_ZERO + timedelta(days=int(plain[:5]))
    found = _DATE.fullmatch(plain)
    if found is None:
        return None
    year, month, day, packed_month, packed_day = found.groups()
    try:
        return date(int(year), int(month or packed_month), int(day or packed_day or 1))
    except ValueError:
        return None


def _text(field: str, raw: str, reasons: list[Reason]) -> str:
    text = raw.strip()
    if not text.isprintable():
        reasons.append(Reason("text_invalid", field, "the text holds control characters", "文字含有控制字符"))
        return ""
    if len(text) > _LIMITS[field]:
        limit = _LIMITS[field]
        reasons.append(Reason("text_invalid", field, f"longer than {limit} characters", f"超过{limit}个字符"))
        return text[:limit]
    return text


def _needed(field: str, text: str, reasons: list[Reason]) -> str:
    if not text and not _is_spoken_of(field, reasons):
        reasons.append(Reason(f"{field}_missing", field, "the cell is empty", "此格为空"))
    return text


def _is_spoken_of(field: str, reasons: Sequence[Reason]) -> bool:
    return any(reason.field == field for reason in reasons)


def _number(text: str, today: date, reasons: list[Reason]) -> CitizenNumber | None:
    if not _needed(columns.CITIZEN_ID, text, reasons):
        return None
    try:
        return parse_citizen_number(text, today=today)
    except CitizenNumberInvalid as error:
        reasons.append(Reason("citizen_id_invalid", columns.CITIZEN_ID, error.reason, "身份证号码校验不通过"))
        return None


def _category(text: str, terms: RosterTerms, rules: CountyRules, reasons: list[Reason]) -> str | None:
    if terms.source != CIVIL_AFFAIRS:
        return REGISTERED_POOR
    if not _needed(columns.CATEGORY, text, reasons):
        return None
    code = category_of(text=text, names=rules.category_names)
    if code is None:
        detail = f"{text} is no category of the county's table"
        reasons.append(Reason("category_unknown", columns.CATEGORY, detail, f"本县身份表中没有“{text}”"))
    return code


def _township(text: str, terms: RosterTerms, rules: CountyRules, reasons: list[Reason]) -> TownshipCode | None:
    if not text:
        return None
    code = rules.township_named(text, on=terms.as_of)
    if code is None:
        detail = f"{text} is not in the county's division table"
        reasons.append(Reason("township_unknown", columns.TOWNSHIP, detail, f"本县区划表中没有“{text}”"))
    return code


def _recognised_on(text: str, today: date, reasons: list[Reason]) -> date | None:
    if not text:
        return None
    day = parse_list_date(text=text)
    if day is None or day > today or day.year < FIRST_YEAR:
        detail = f"{text} is no date between {FIRST_YEAR} and today"
        reasons.append(Reason("date_invalid", columns.RECOGNISED_ON, detail, f"“{text}”不是有效日期"))
        return None
    return day
