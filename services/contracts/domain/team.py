"""The family-doctor team (家庭医生团队) of a township.

Room: domain of contracts.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.core.ids import TeamId, named_id

COUNTY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Team:
    """One team; within a township its name is its own."""

    team_id: TeamId
    county: str
    township: str
    name: str


def team_of(*, township: str, name: str) -> Team:
    """Return the team of that name, in the county its township begins with; opening it again makes the same one."""
    return Team(TeamId(named_id("team", township, name)), township[:COUNTY_DIGITS], township, name)
