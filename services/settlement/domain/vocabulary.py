"""The closed word lists of a settlement: what a stay, a policy and an answer may say.

Room: domain of settlement. A later switch of the policy language adds a member here and one branch where it is read.
"""

from __future__ import annotations

from enum import StrEnum

ORDINARY = "ordinary"


class VisitType(StrEnum):
    """Kind of care (就诊类型)."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    SPECIAL_OUTPATIENT = "special_outpatient"


class Level(StrEnum):
    """Level of an institution (医疗机构级别)."""

    TOWNSHIP = "township"
    COUNTY = "county"
    PREFECTURE = "prefecture"
    PROVINCE = "province"


class Region(StrEnum):
    """Whether an institution lies in the county of insurance (县内、县外)."""

    INSIDE = "inside"
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
    HOSPITAL = "hospital"


class Base(StrEnum):
    """What a layer counts (基数): all that is in scope, or what earlier layers left of it."""

    IN_SCOPE = "in_scope"
    REST_IN_SCOPE = "rest_in_scope"


class Counting(StrEnum):
    """Whether start line and bands meet each stay alone (按次) or the base cumulated over the year (按年累计)."""

    PER_STAY = "per_stay"
    PER_YEAR = "per_year"


class Choice(StrEnum):
    """Which of a layer's rules pays when several apply: the first, or the one that pays most (就高不重复)."""

    FIRST = "first"
    HIGHEST = "highest"


class DecidingDay(StrEnum):
    """Day that chooses the policy's version, the categories and the year (待遇认定日)."""

    DISCHARGE = "discharge"


class Fact(StrEnum):
    """What a condition of the policy language may ask."""

    VISIT_TYPE = "visit_type"
    BENEFIT_CLASS = "class"
    LEVEL = "level"
    REGION = "region"
    DESIGNATED = "designated"
    REFERRAL = "referral"
    SCHEME = "scheme"
    DISEASE_LIST = "disease_list"


YES, NO = "yes", "no"
