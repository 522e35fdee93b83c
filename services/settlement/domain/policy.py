"""What one county decided about paying (待遇政策): versions, classes, layers in payer order, tables.

Room: domain of settlement; the values come from services/settlement/policies/<county>.yaml.
Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.core.errors import Conflict, Refused
from common.core.money import Money
from common.core.period import Period
from services.settlement.domain.condition import Condition, Origin, Span, Table
from services.settlement.domain.layer_rule import Layer
from services.settlement.domain.vocabulary import STAY_COUNTS, DecidingDay, Region, Window


class CountyUnknown(Refused):
    """No policy file of that county is loaded."""

    code = "county_unknown"
    zh = "没有该县的政策文件"


class PolicyNotInForce(Refused):
    """The county's first version begins after the day of discharge."""

    code = "policy_not_in_force"
    zh = "出院当日没有生效的政策"


class InstitutionNotListed(Conflict):
    """The county's table of institutions does not hold this one on that day."""

    code = "institution_not_listed"
    zh = "该医疗机构不在县级机构表中"


class LevelUnknown(Refused):
    """The county's policy has no such level of institutions."""

    code = "level_unknown"
    zh = "该县政策没有此医疗机构级别"


@dataclass(frozen=True, slots=True)
class Institution:
    """A hospital as the county's table (定点医疗机构表) describes it for a period.

    Attributes:
        level: One of the county's levels.
        kind: `general`, or what the county distinguishes, as `tcm` (中医院).
    """

    code: str
    name: str
    level: str
    region: Region
    kind: str
    is_designated: bool
    period: Period


@dataclass(frozen=True, slots=True)
class DiseaseList:
    """A named list of diagnoses (病种目录) by ICD-10 pattern, for a period.

    Attributes:
        prefixes: `I63` lists `I63.9` too.
        ranges: First and last category, both included, as `C00` to `C97`.
        ages: Age in full years that the list is meant for (年龄条件).
    """

    name: str
    prefixes: tuple[str, ...]
    ranges: tuple[tuple[str, str], ...]
    ages: Span
    period: Period
    origin: Origin

    def has(self, icd10: str, *, age: int | None) -> bool:
        """Say whether a diagnosis is on the list; an unknown age meets no condition of age."""
        if not (self.ages.is_open if age is None else self.ages.has(age)):
            return False
        code = icd10.upper()
        return code.startswith(self.prefixes) or any(first <= code[: len(last)] <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far before its first day a category counts (认定追溯).

    Attributes:
        months: So many months before (支出型患者认定前费用).
        whole_month: From the first day of that month (认定当月起).
    """

    months: int = 0
    whole_month: bool = False

    def first_day(self, effective_from: date) -> date:
        """Return the first day that counts; a day that its month lacks becomes the month's last.

        >>> Reach(months=6).first_day(date(2023, 8, 31)), Reach(whole_month=True).first_day(date(2023, 8, 31))
        (datetime.date(2023, 2, 28), datetime.date(2023, 8, 1))
        """
        years, month = divmod(effective_from.year * 12 + effective_from.month - 1 - self.months, 12)
        last = monthrange(years, month + 1)[1]
        return date(years, month + 1, 1 if self.whole_month else min(effective_from.day, last))


@dataclass(frozen=True, slots=True)
class BenefitClass:
    """A class that is paid alike (待遇类别) and the categories (身份类别) it is given for."""

    name: str
    label: str
    categories: frozenset[str]
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """An income figure (收入指标) that lines and caps are tied to, for a period."""

    name: str
    value: Money
    period: Period
    origin: Origin


@dataclass(frozen=True, slots=True)
class Exclusion:
    """When nothing is paid at all (不予支付), and why."""

    when: Condition
    zh: str
    en: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class FamilyAccount:
    """An account that a household's members share (门诊家庭账户).

    Attributes:
        yearly_credit: What a household is credited for a year; what is left at its end is carried over.
        when: Care for which it pays.
    """

    yearly_credit: Money
    when: Condition
    origin: Origin


@dataclass(frozen=True, slots=True)
class Days:
    """Which day decides what (认定日口径).

    Attributes:
        status: Day on which the categories must be held.
        year: Day whose year the accounts are of.
        age: Day on which the age counts.
    """

    status: DecidingDay = DecidingDay.DISCHARGE
    year: DecidingDay = DecidingDay.DISCHARGE
    age: DecidingDay = DecidingDay.ADMISSION


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A county's policy from one day until the next version begins.

    Attributes:
        starts_on: First day that it meets.
        known_since: Day since which it is known (发文日).
        digest: `sha256:` over all that can change a result.
        levels: Levels of institutions, lowest first.
        classes: In the county's order, which breaks ties.
        first_share: Share of the cost in scope that becomes first self-pay before any layer (转外先行自付); none: 0.
        layers: In payer order.
        deposit_waived: Whether no deposit is asked (先诊疗后付费).
        gap_target: Real ratio below which a stay becomes a case of its own (个案处理); no row means none.
        asked: Words and numbers that the version's conditions ask.
        family_account: None where the county has none.
    """

    county: str
    starts_on: date
    known_since: date
    source: str
    approved_by: str
    digest: str
    days: Days
    levels: tuple[str, ...]
    classes: tuple[BenefitClass, ...]
    disease_lists: tuple[DiseaseList, ...]
    figures: tuple[Figure, ...]
    exclusions: tuple[Exclusion, ...]
    first_share: Table[Decimal]
    layers: tuple[Layer, ...]
    deposit_waived: Table[bool]
    gap_target: Table[Decimal]
    asked: frozenset[str] = frozenset()
    family_account: FamilyAccount | None = None

    @property
    def counts_stays(self) -> bool:
        """Whether a condition asks for the number of stays of the year."""
        return not STAY_COUNTS.isdisjoint(self.asked)

    @property
    def reach(self) -> dict[str, Reach]:
        """How far before its first day each category counts; those that count from it on are absent."""
        return {name: each.reach for each in self.classes if each.reach is not None for name in each.categories}

    @property
    def accounts(self) -> tuple[str, ...]:
        """The yearly accounts this version counts on, sorted; those of single hospitals or lists come on top."""
        caps = (cap for layer in self.layers for rule in layer.rules for cap in rule.caps)
        return tuple(sorted({cap.account for cap in caps if cap.window is Window.PER_YEAR}))


@dataclass(frozen=True, slots=True)
class CountyPolicy:
    """Everything in one county's file; versions oldest first.

    Attributes:
        version_day: Day that chooses the version (政策适用日).
    """

    county: str
    name: str
    version_day: DecidingDay
    versions: tuple[PolicyVersion, ...]
    institutions: tuple[Institution, ...]

    def version_on(self, *, day: date) -> PolicyVersion:
        """Return the version in force on a day; the newest runs on until a next one comes.

        Raises:
            PolicyNotInForce: If the first version begins later.
        """
        begun = [version for version in self.versions if version.starts_on <= day]
        if not begun:
            raise PolicyNotInForce(f"county {self.county} has no policy in force on {day}", county=self.county, on=day)
        return begun[-1]

    def lists(self, *, code: str, day: date) -> bool:
        """Say whether the county's table has the institution on the day."""
        return any(each.code == code and each.period.covers(day) for each in self.institutions)

    def institution_on(self, *, code: str, day: date) -> Institution:
        """Return the institution as listed on the day.

        Raises:
            InstitutionNotListed: If the table lacks it.
        """
        for institution in self.institutions:
            if institution.code == code and institution.period.covers(day):
                return institution
        raise InstitutionNotListed(
            f"county {self.county} does not list institution {code} on {day}", county=self.county, institution_code=code
        )


def policy_of(*, policies: Mapping[str, CountyPolicy], county: str) -> CountyPolicy:
    """Return a county's policy.

    Raises:
        CountyUnknown: If there is none.
    """
    found = policies.get(county)
    if found is None:
        raise CountyUnknown(f"county {county} has no policy file here", county=county)
    return found
