"""What one county decided about its registers: townships, category words, precedence, the line for verification.

Room: domain of identity; the values come from services/identity/counties/<county>.yaml.
Next hop: services/identity/domain/roster.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from common.core.ids import TownshipCode
from common.core.money import Money
from common.core.period import Period
from services.identity.domain.category import plain_text


@dataclass(frozen=True, slots=True)
class Township:
    """A township (乡镇) of the county's division table, with every spelling that lists use, in its period."""

    code: TownshipCode
    names: tuple[str, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class VerificationLine:
    """From which own share of one stay, in fen, an unregistered person is visited, and within how many days."""

    period: Period
    patient_pays: Money
    due_days: int


@dataclass(frozen=True, slots=True)
class CountyRules:
    """The dated data of one county.

    Attributes:
        county: Six digits.
        townships: The division table.
        category_names: Spelling of a list's 救助身份 -> category code.
        precedence: Category codes, the one that counts first.
        household_register: Source whose households, places and phones stand where sources differ.
        verification_lines: Dated lines, oldest first.
    """

    county: str
    townships: tuple[Township, ...]
    category_names: Mapping[str, str]
    precedence: tuple[str, ...]
    household_register: str
    verification_lines: tuple[VerificationLine, ...]

    def township_named(self, name: str, *, on: date) -> TownshipCode | None:
        """Return the code of a township that a list of that day names or numbers; None when the table lacks it."""
        wanted = plain_text(name)
        for township in self.townships:
            if wanted in (*township.names, township.code) and township.period.covers(on):
                return township.code
        return None

    def verification_line(self, *, on: date) -> VerificationLine | None:
        """Return the line in force on the day of discharge; None where the county has none."""
        return next((line for line in self.verification_lines if line.period.covers(on)), None)


def looks_catastrophic(*, patient_pays: Money, line: VerificationLine) -> bool:
    """Say whether an own share reaches the county's line (灾难性支出的个人负担)."""
    return patient_pays >= line.patient_pays
