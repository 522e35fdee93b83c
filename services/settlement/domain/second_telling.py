"""One stay told twice (重复报送): by a discharge call and by messages, under two record numbers.

Room: domain of settlement. Next hop: services/settlement/usecases/refuse_second_telling.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from common.core.errors import Conflict

_TOUCHING = timedelta(days=1)


class StaySettledOtherwise(Conflict):
    """The stay lives as a settlement that came another way: the other interface, a window, the home office."""

    code = "stay_settled_otherwise"
    zh = (
        "同一患者在该机构同一时段的住院已通过其他途径（另一接口、窗口或回乡报销）结算，"
        "请勿重复报送；如需更改，请先撤销该结算"
    )


@dataclass(frozen=True, slots=True)
class StayDays:
    """The days of an in-patient stay, both included."""

    admitted_on: date
    discharged_on: date

    def is_also(self, other: StayDays) -> bool:
        """Say whether two stays of one person at one institution must be one and the same.

        They are when they share more than a day, or both days: a stay may begin on the day another ends, and a hospital
        may have written midnight to either day.

        >>> StayDays(date(2016, 9, 1), date(2016, 9, 5)).is_also(StayDays(date(2016, 9, 5), date(2016, 9, 9)))
        False
        """
        shared = min(self.discharged_on, other.discharged_on) - max(self.admitted_on, other.admitted_on)
        return self == other or shared > _TOUCHING
