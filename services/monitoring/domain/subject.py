"""Whose sum is watched: a household (家庭), or a person of whom no household is known.

Room: domain of monitoring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.core.ids import HouseholdId, PersonId


@dataclass(frozen=True, slots=True)
class Subject:
    """A household or a lone person.

    Attributes:
        subject_id: The household's id, or the person's.
        household_id: None for a lone person.
        head_person_id: The head (户主), whose township the alerts belong to; a lone person is their own.
        township: Where the head lives now, else the township the household was told with; None is the county desk.
        judged_through: Last day up to which windows were let run out; None before the first time.
    """

    subject_id: HouseholdId | PersonId
    household_id: HouseholdId | None
    county: str
    head_person_id: PersonId | None
    township: str | None
    judged_through: date | None = None
