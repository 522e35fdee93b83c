"""The closed word lists of a settlement: what a stay, a policy and an answer may say.

Room: domain of settlement. A later switch of the policy language adds a member here and one branch where it is read.
"""

from __future__ import annotations

from enum import StrEnum

ORDINARY = "ordinary"
USUAL_LEVELS = ("township", "county", "prefecture", "province")
"""Levels of institutions (医疗机构级别) where a county declares none of its own, lowest first."""


class VisitType(StrEnum):
    """Kind of care (就诊类型)."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    SPECIAL_OUTPATIENT = "special_outpatient"


class Region(StrEnum):
    """Where an institution lies, seen from the county of insurance (县内、市内县外、省内市外、省外)."""

    INSIDE = "inside"
    PREFECTURE = "prefecture"
    PROVINCE = "province"
    OUTSIDE = "outside"


class Referral(StrEnum):
    """How the patient came to the institution (转诊状态)."""

    NONE = "none"
    REFERRED = "referred"
    FILED = "filed"
    EMERGENCY = "emergency"
    RESIDENT_OUTSIDE = "resident_outside"
    SELF_REFERRED = "self_referred"


class Scheme(StrEnum):
    """Kind of insurance (险种): 新农合, 城乡居民, 职工."""

    RURAL_COOPERATIVE = "rural_cooperative"
    RESIDENT = "resident"
    EMPLOYEE = "employee"


class InsuranceState(StrEnum):
    """Whether the insurance pays on the day (参保状态); `waiting` is the waiting period (等待期)."""

    INSURED = "insured"
    NOT_INSURED = "not_insured"
    WAITING = "waiting"


class Fund(StrEnum):
    """Who bears a layer (资金来源)."""

    RURAL_COOPERATIVE = "rural_cooperative"
    RESIDENT_BASIC = "resident_basic"
    EMPLOYEE_BASIC = "employee_basic"
    CRITICAL_ILLNESS_INSURER = "critical_illness_insurer"
    MEDICAL_ASSISTANCE = "medical_assistance"
    CIVIL_AFFAIRS = "civil_affairs"
    FAMILY_PLANNING = "family_planning"
    FINANCE = "finance"
    POVERTY_RELIEF = "poverty_relief"
    FAMILY_ACCOUNT = "family_account"
    EMERGENCY_RELIEF = "emergency_relief"
    HOSPITAL = "hospital"


class Base(StrEnum):
    """What a rule counts (基数): a quantity of the bill, or what the earlier layers left of it."""

    IN_SCOPE = "in_scope"
    REST_IN_SCOPE = "rest_in_scope"
    OUT_OF_SCOPE = "out_of_scope"
    TOTAL = "total"
    REST = "rest"


class BasePart(StrEnum):
    """What is added to a base, or taken from it (基数调整)."""

    OWN_EXPENSE = "own_expense"
    OVER_LIMIT = "over_limit"
    FIRST_SELF_PAY = "first_self_pay"
    START_LINE = "start_line"
    OVER_CAP = "over_cap"


class Whole(StrEnum):
    """The quantity that a share is taken of (比例所指)."""

    TOTAL = "total"
    IN_SCOPE = "in_scope"
    BASE = "base"


class Counting(StrEnum):
    """Whether bands meet each stay alone (按次), the year's base (按年累计), or the base not yet used for a payment."""

    PER_STAY = "per_stay"
    PER_YEAR = "per_year"
    PER_YEAR_UNUSED = "per_year_unused"


class Window(StrEnum):
    """How often a start line is charged (起付线收取周期)."""

    PER_STAY = "per_stay"
    PER_YEAR = "per_year"
    PER_HOSPITAL = "per_hospital"
    PER_QUARTER = "per_quarter"
    PER_MONTH = "per_month"


class Edges(StrEnum):
    """Whether the edges of bands stand on the counted cost itself or on what lies above the start line (分段口径)."""

    ABSOLUTE = "absolute"
    ABOVE_START_LINE = "above_start_line"


class Choice(StrEnum):
    """Which of several rules that apply pays: the first, the one that pays most (就高不重复), or all in turn."""

    FIRST = "first"
    HIGHEST = "highest"
    ALL = "all"


class DecidingDay(StrEnum):
    """Day that decides about version, categories, year or age (待遇认定日)."""

    ADMISSION = "admission"
    DISCHARGE = "discharge"
    SETTLEMENT = "settlement"


class HoldsFrom(StrEnum):
    """From when a category counts (待遇起始): its own first day, or the first day of that month."""

    DAY = "day"
    MONTH = "month"


class Continuation(StrEnum):
    """What a stay carries on (中途结算、转院连续)."""

    NONE = "none"
    MID_STAY = "mid_stay"
    TRANSFER = "transfer"


class ThirdParty(StrEnum):
    """Whether somebody else is liable for the cost (第三人责任): `absent` is liable but does not pay."""

    NONE = "none"
    LIABLE = "liable"
    ABSENT = "absent"


class Fact(StrEnum):
    """What a condition of the policy language may ask in words."""

    VISIT_TYPE = "visit_type"
    BENEFIT_CLASS = "class"
    LEVEL = "level"
    HIGHEST_LEVEL = "highest_level"
    REGION = "region"
    KIND = "kind"
    INSTITUTION = "institution"
    DESIGNATED = "designated"
    REFERRAL = "referral"
    SCHEME = "scheme"
    DISEASE_LIST = "disease_list"
    CONTRACT = "contract"
    CONTINUATION = "continuation"
    THIRD_PARTY = "third_party"
    PAID_BY = "paid_by"


class Measure(StrEnum):
    """What a condition of the policy language may ask in numbers; money in fen."""

    AGE = "age"
    AGE_DAYS = "age_days"
    STAY_DAYS = "stay_days"
    STAY = "stay"
    STAY_AT_LEVEL = "stay_at_level"
    STAY_AT_HOSPITAL = "stay_at_hospital"
    INSURED_YEARS = "insured_years"
    CLAIM_FREE_YEARS = "claim_free_years"
    TOTAL = "total"
    IN_SCOPE = "in_scope"
    REST_IN_SCOPE = "rest_in_scope"
    REST = "rest"


MONEY_MEASURES = frozenset({Measure.TOTAL, Measure.IN_SCOPE, Measure.REST_IN_SCOPE, Measure.REST})
STAY_COUNTS: frozenset[str] = frozenset(
    {Measure.STAY, Measure.STAY_AT_LEVEL, Measure.STAY_AT_HOSPITAL, Fact.HIGHEST_LEVEL}
)
YES, NO = "yes", "no"
