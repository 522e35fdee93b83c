"""Gap cases and precise relief (个案处理、精准救助): what the leading group pays of a share that stays heavy.

The last payer there is (decision D5 of the programme): it comes after every layer and every correction, takes what a
fund still has and never more, and pays the same costs once. Sources: policies.md 2 F and 3.1, programme.md S16, S17.
Room: domain of settlement. Next hop: services/settlement/usecases/book_relief.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from common.core.errors import Refused
from common.core.money import ZERO, Money
from services.settlement.domain.chart import WHOLE
from services.settlement.domain.ledger import PATIENT, RECEIVABLE, JournalEntry, Posting
from services.settlement.domain.vocabulary import Fund

LAYER = "precise_relief"
KIND = "relief"


class ReliefClass(StrEnum):
    """Whom Beipiao's third aid is for (北票市医疗卫生精准扶贫实施方案 2016); the last is emergency relief."""

    OUTSIDE_DISEASE_LIST = "outside_disease_list"
    CHRONIC_OUTPATIENT = "chronic_outpatient"
    STILL_HEAVY = "still_heavy"
    EMERGENCY_UNPAID = "emergency_unpaid"


class OffEmergency(Refused):
    """The emergency fund pays only what a patient left unpaid, and only it pays for that class."""

    code = "off_emergency"
    zh = "疾病应急救助基金仅用于患者欠费（应急欠费类），且该类只能由此基金支付"


def require_emergency(*, fund: str, relief_class: ReliefClass, amount: Money, open_share: Money) -> None:
    """Let an emergency grant through that stays within what the patient left unpaid, and any other of another fund.

    Raises:
        OffEmergency: If fund and class do not belong together, or less is unpaid.
    """
    is_emergency = relief_class is ReliefClass.EMERGENCY_UNPAID
    if is_emergency != (fund == Fund.EMERGENCY_RELIEF):
        raise OffEmergency(f"{fund} does not pay {relief_class}", fund=fund, relief_class=relief_class.value)
    if is_emergency and amount > open_share:
        raise OffEmergency(f"{open_share.fen} fen are unpaid", open_fen=open_share.fen)


class Weighed(StrEnum):
    """What a plan weighs (同一方案)."""

    PAYMENTS_MADE = "payments_made"
    BURDEN = "burden"
    MEANS = "means"
    ILLNESS = "illness"
    FUND_STRENGTH = "fund_strength"


CLASS_NAMES: Mapping[ReliefClass, str] = {
    ReliefClass.OUTSIDE_DISEASE_LIST: "重大疾病范围以外的疾病",
    ReliefClass.CHRONIC_OUTPATIENT: "长期门诊治疗的慢性病",
    ReliefClass.STILL_HEAVY: "各项救助后负担仍然较重",
    ReliefClass.EMERGENCY_UNPAID: "急危重症患者欠费（疾病应急救助）",
}
WEIGHED_NAMES: Mapping[Weighed, str] = {
    Weighed.PAYMENTS_MADE: "各项已补偿情况",
    Weighed.BURDEN: "个人负担",
    Weighed.MEANS: "家庭经济状况",
    Weighed.ILLNESS: "病情",
    Weighed.FUND_STRENGTH: "资金承受能力",
}


@dataclass(frozen=True, slots=True)
class FundYear:
    """What a fund was given for a year and what was booked on it, in fen.

    Attributes:
        given: Ledger -> its budget on the day; `WHOLE` is the fund itself.
        booked: What was booked on the fund itself in the year, reversals taken off; all relief is.
        relieved: Ledger -> what relief took of it in the year.
    """

    given: Mapping[str, Money]
    booked: Money
    relieved: Mapping[str, Money]

    def left_for_relief(self, *, ledger: str) -> Money:
        """Return what relief may still take of an account; below zero where others have overdrawn the fund.

        An earmarked sub-ledger serves relief alone, so that only relief empties it. From the fund itself everything is
        taken that did not come out of a sub-ledger so.
        """
        if ledger != WHOLE:
            return self.given.get(ledger, ZERO) - self.relieved.get(ledger, ZERO)
        of_ledgers = sum((each for name, each in self.relieved.items() if name != WHOLE), ZERO)
        return self.given.get(WHOLE, ZERO) - (self.booked - of_ledgers)


def relief_entry(*, entry_id: UUID, fund: str, amount: Money) -> JournalEntry:
    """Return the entry of a relief: the fund owes the hospital what it gives back of the patient's share."""
    return JournalEntry(entry_id, KIND, (Posting(f"{RECEIVABLE}:{fund}", amount, LAYER), Posting(PATIENT, -amount)))


def cut_kind(ordinal: int) -> str:
    """Return the kind of the entry that takes relief back because of a settlement's correction of that number."""
    return f"{KIND}_cut_{ordinal}"


def cut_entry(*, entry_id: UUID, kind: str, fund: str, amount: Money) -> JournalEntry:
    """Return the entry by which a fund takes back what a layer turned out to pay after all."""
    return relief_entry(entry_id=entry_id, fund=fund, amount=amount).mirrored(entry_id=entry_id, kind=kind)


def over_share(*, relief: Money, share: Money) -> Money:
    """Return by how much a relief is more than the patient's share, at least nothing.

    >>> over_share(relief=Money(500), share=Money(300)).fen
    200
    """
    return max(relief - share, ZERO)
