"""Which disease is followed up when, as dated data: the rule file read into values.

Room: domain of contracts; the values come from services/contracts/rules/follow_up.yaml.
Next hop: services/contracts/domain/plan.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from common.core.errors import Refused
from common.core.period import Period

OTHER = "other"
_CATEGORY_LENGTH = 3


class RuleNotInForce(Refused):
    """No version of the follow-up rules covers the day of discharge."""

    code = "follow_up_rule_not_in_force"
    zh = "出院日没有生效的随访规则"


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """One visit (随访窗口): its name in the rule, and first and last day counted from the day of discharge."""

    name: str
    from_days: int
    to_days: int

    def dates(self, *, discharged_on: date) -> tuple[date, date]:
        """Return first and last day of the window."""
        return discharged_on + timedelta(days=self.from_days), discharged_on + timedelta(days=self.to_days)


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Categories of ICD-10 from first to last, both included, as `I10` to `I15`."""

    first: str
    last: str

    def holds(self, *, diagnosis: str) -> bool:
        """Say whether a diagnosis code lies inside; only its category of three characters counts.

        >>> CodeRange("I10", "I15").holds(diagnosis="i10.x00x002")
        True
        """
        return self.first <= diagnosis.strip().upper()[:_CATEGORY_LENGTH] <= self.last


@dataclass(frozen=True, slots=True)
class DiseaseRule:
    """A disease (病种) with its codes and the visits after a discharge."""

    disease: str
    ranges: tuple[CodeRange, ...]
    visits: tuple[VisitWindow, ...]


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """The rules of one period.

    Attributes:
        visit_types: Kinds of visit that are followed up at all.
        diseases: Listed diseases; the one named `other` stands for whatever none of them holds.
        sign_contract: Window of the task to sign (签约).
        verify: Window of the task to find out who the patient is (身份核实).
    """

    period: Period
    visit_types: frozenset[str]
    diseases: tuple[DiseaseRule, ...]
    sign_contract: VisitWindow
    verify: VisitWindow

    def diseases_of(self, *, diagnoses: Iterable[str], visit_type: str) -> tuple[str, ...]:
        """Return the listed diseases among the codes, `other` where there is none; nothing for other kinds of visit."""
        if visit_type not in self.visit_types:
            return ()
        codes = tuple(diagnoses)
        listed = [
            rule.disease
            for rule in self.diseases
            if any(each.holds(diagnosis=code) for each in rule.ranges for code in codes)
        ]
        return tuple(listed) or (OTHER,)

    def visits_of(self, *, disease: str) -> tuple[VisitWindow, ...]:
        """Return the visits of a disease; none for a disease that this version does not list."""
        return next((rule.visits for rule in self.diseases if rule.disease == disease), ())


def version_on(*, versions: Iterable[RuleVersion], day: date) -> RuleVersion:
    """Return the version that covers the day of discharge.

    Raises:
        RuleNotInForce: If there is none.
    """
    for version in versions:
        if version.period.covers(day):
            return version
    raise RuleNotInForce(f"no follow-up rules are in force on {day}", day=day.isoformat())
