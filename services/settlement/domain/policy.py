"""What one county decided about paying (待遇政策): versions, classes, layers in payer order, tables.

Room: domain of settlement; the values come from services/settlement/policies/<county>.yaml.
Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.core.errors import Conflict, Refused
from common.core.money import Money
from common.core.period import Period
from services.settlement.domain.condition import Condition, Origin, Table
from services.settlement.domain.vocabulary import Base, Choice, Counting, DecidingDay, Fund, Level, Region


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


@dataclass(frozen=True, slots=True)
class Institution:
    """A hospital as the county's table (定点医疗机构表) describes it for a period."""

    code: str
    name: str
    level: Level
    region: Region
    is_designated: bool
    period: Period


@dataclass(frozen=True, slots=True)
class DiseaseList:
    """A named list of diagnoses (病种目录) by ICD-10 prefix, for a period."""

    name: str
    prefixes: tuple[str, ...]
    period: Period
    origin: Origin

    def has(self, icd10: str) -> bool:
        """Say whether a diagnosis is on the list; `I63` lists `I63.9` too."""
        return icd10.upper().startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class BenefitClass:
    """A class that is paid alike (待遇类别) and the categories (身份类别) it is given for."""

    name: str
    label: str
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Band:
    """A ratio (支付比例) up to an edge of the counted base (分段上限); the last band has no edge."""

    up_to: Table[Money] | None
    ratio: Table[Decimal]


@dataclass(frozen=True, slots=True)
class LayerRule:
    """How a layer pays the stays that meet its condition.

    Attributes:
        name: Stable name inside the layer.
        label: Chinese words for the slip.
        account: Yearly accumulator it counts on.
        less_prior_relief: Whether relief already received lowers what it may pay.
        start_line: 起付线; no rows mean none.
        points: Percentage points added to every ratio (提高百分点), as 0.10; no row means none.
        cap: Yearly cap on the amount paid from the account (年度封顶线); no row means none.
    """

    name: str
    label: str
    when: Condition
    fund: Table[str]
    account: str
    base: Base
    less_prior_relief: bool
    counting: Counting
    start_line: Table[Money]
    bands: tuple[Band, ...]
    points: Table[Decimal]
    cap: Table[Money]


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer in the order of paying (待遇层次)."""

    name: str
    label: str
    fund: Fund
    choice: Choice
    rules: tuple[LayerRule, ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """When nothing is paid at all (不予支付), and why."""

    when: Condition
    zh: str
    en: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A county's policy from one day until the next version begins.

    Attributes:
        starts_on: First day of discharge it meets.
        known_since: Day since which it is known (发文日).
        digest: `sha256:` over all that can change a result.
        classes: In the county's order, which breaks ties.
        layers: In payer order.
        deposit_waived: Whether no deposit is asked (先诊疗后付费).
        gap_target: Real ratio below which a stay becomes a case of its own (个案处理); no row means none.
    """

    county: str
    starts_on: date
    known_since: date
    source: str
    approved_by: str
    digest: str
    deciding_day: DecidingDay
    classes: tuple[BenefitClass, ...]
    disease_lists: tuple[DiseaseList, ...]
    exclusions: tuple[Exclusion, ...]
    layers: tuple[Layer, ...]
    deposit_waived: Table[bool]
    gap_target: Table[Decimal]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accumulators this version counts on, sorted: the order in which they are locked."""
        return tuple(sorted({rule.account for layer in self.layers for rule in layer.rules}))


@dataclass(frozen=True, slots=True)
class CountyPolicy:
    """Everything in one county's file; versions oldest first."""

    county: str
    name: str
    versions: tuple[PolicyVersion, ...]
    institutions: tuple[Institution, ...]

    def version_on(self, *, day: date) -> PolicyVersion:
        """Return the version in force on the day of discharge; the newest runs on until a next one comes.

        Raises:
            PolicyNotInForce: If the first version begins later.
        """
        begun = [version for version in self.versions if version.starts_on <= day]
        if not begun:
            raise PolicyNotInForce(f"county {self.county} has no policy in force on {day}", county=self.county, on=day)
        return begun[-1]

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
