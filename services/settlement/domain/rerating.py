"""Settled stays are computed again with what is known now, and the differences told (追溯重算).

A year of a person is gone through in the order of settling. A stay meets the accounts that it met when it was settled,
plus what the corrections of earlier stays change in them; so a stay differs only where something that it read differs.
Room: domain of settlement. Next hop: services/settlement/domain/replay.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.accumulator import EMPTY, Balance, Balances, mirrored_changes, moved
from services.settlement.domain.assessment import Judgement, judge
from services.settlement.domain.earmark import Earmark
from services.settlement.domain.family_account import split_of
from services.settlement.domain.ledger import (
    HOSPITAL_BORNE,
    PATIENT,
    RECEIVABLE,
    JournalEntry,
    Posting,
    earmarked,
    folded,
)
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.receipt import balances_as_told, charged_of, outcome_of, paid_back, policy_as_told
from services.settlement.domain.recognition import Recognition
from services.settlement.domain.replay import Frozen
from services.settlement.domain.stay import Stay


class Outcome(StrEnum):
    """What a difference leads to.

    SUPPLEMENT: the patient gets money back (补差). RECOVERY: the patient was left too little (追回). WAIVED: a recovery
    that the county's rule lets go (免予追回). SHIFTED: the patient's share stands, funds or accounts change.
    NAME_DIFFERS: the name at the window is not the listed one, so nothing is decided for this stay.
    """

    SUPPLEMENT = "supplement"
    RECOVERY = "recovery"
    WAIVED = "waived"
    SHIFTED = "shifted"
    NAME_DIFFERS = "name_differs"


BOOKABLE = frozenset({Outcome.SUPPLEMENT, Outcome.RECOVERY, Outcome.SHIFTED})


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that is booked: its number, which grows over all of them, and what it moved in the accounts."""

    correction_no: int
    changes: Balances


@dataclass(frozen=True, slots=True)
class Standing:
    """A live settlement as it stands, its corrections included.

    Attributes:
        record: Institution and record number.
        year: Of its accounts.
        continues: The record that it carries on, when that was frozen.
        first: What it read when it was settled.
        inputs: What the standing result was computed from.
        answer: The standing result.
        changes: What the settling added to the accounts.
            waived: Shares of the patient, in fen, at which an earlier re-rating let the difference go.
    """

    settlement_id: UUID
    record: tuple[str, str]
    year: int
    continues: tuple[str, str] | None
    first: Frozen
    inputs: Frozen
    answer: Mapping[str, Any]
    changes: Balances
    corrections: tuple[Correction, ...] = ()
    waived: frozenset[int] = frozenset()

    def moved_until(self, correction_no: int | None = None) -> Balances:
        """Return what the stay has added to the accounts, with the corrections up to a number, or with all."""
        total = dict(self.changes)
        for each in self.corrections:
            if correction_no is None or each.correction_no <= correction_no:
                total = moved(before=total, changes=each.changes)
        return total


@dataclass(frozen=True, slots=True)
class Now:
    """What counts for a stay by today's knowledge; `names_differ` when the window's name is not the listed one."""

    version: PolicyVersion
    recognition: Recognition
    names_differ: bool = False


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """What a layer pays more from a fund, or less when negative."""

    layer: str
    fund: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Difference:
    """A stay whose result is another by today's knowledge.

    Attributes:
        stay: As it was computed again.
        before: The accounts that it met so.
        patient: What the patient pays more; negative: gets back.
        changes: What is added to the accounts when it is booked.
        answer: The new result, in the form of the first answer.
        inputs: What it was computed from: the parts that differ from the first inputs.
    """

    standing: Standing
    outcome: Outcome
    judgement: Judgement
    stay: Stay
    before: Balances
    layers: tuple[LayerDifference, ...]
    hospital_borne: Money
    patient: Money
    changes: Balances
    answer: dict[str, Any]
    inputs: dict[str, Any]


def rerate_year(*, stays: Sequence[Standing], now: Mapping[UUID, Now], waive_up_to: Money) -> list[Difference]:
    """Return the differences of one person's year.

    Args:
        stays: Every live settlement of the year, in the order settled.
        now: What counts for each stay; one that is missing stands.
        waive_up_to: A recovery from somebody listed is waived up to this amount.
    """
    found: list[Difference] = []
    carried: list[tuple[Standing, Balances]] = []
    charged: dict[tuple[str, str], Mapping[str, Money]] = {}
    for stay in stays:
        known = now.get(stay.settlement_id)
        difference = _difference(stay, known, _before(stay, carried), charged, waive_up_to) if known else None
        answer, adds = stay.answer, stay.moved_until()
        if difference is not None:
            found.append(difference)
            if difference.outcome in BOOKABLE:
                answer, adds = difference.answer, moved(before=adds, changes=difference.changes)
        carried.append((stay, adds))
        charged[stay.record] = charged_of(answer=answer)
    return found


def correction_entry(
    *, entry_id: UUID, kind: str, difference: Difference, earmarks: Iterable[Earmark] = ()
) -> JournalEntry:
    """Return the entry of a correction: charges stay, what one bears less another bears more.

    Args:
        entry_id: Of the entry.
        kind: With the correction's number.
        difference: What is corrected.
        earmarks: What moves between a fund and its sub-ledgers.
    """
    sides = [Posting(f"{RECEIVABLE}:{each.fund}", each.amount, each.layer) for each in difference.layers]
    sides += [Posting(HOSPITAL_BORNE, difference.hospital_borne), Posting(PATIENT, difference.patient)]
    sides += earmarked(earmarks)
    return JournalEntry(entry_id, kind, folded(sides))


def _before(stay: Standing, earlier: Sequence[tuple[Standing, Balances]]) -> Balances:
    """Return the accounts the stay met, with what earlier stays add to them now instead of what it saw them add."""
    before = dict(stay.first.before)
    for other, adds in earlier:
        seen = other.moved_until(stay.first.corrected_by)
        before = moved(before=moved(before=before, changes=mirrored_changes(changes=seen)), changes=adds)
    return _without_empty(before)


def _difference(
    stay: Standing,
    now: Now,
    before: Balances,
    charged: Mapping[tuple[str, str], Mapping[str, Money]],
    waive_up_to: Money,
) -> Difference | None:
    case = stay.first.stay
    if stay.continues is not None and stay.continues in charged:
        case = replace(case, charged_before=charged[stay.continues])
    if _facts(now.version.digest, now.recognition.categories, before, case) == _facts(
        stay.inputs.digest, stay.inputs.categories, stay.inputs.before, stay.inputs.stay
    ):
        return None
    categories = now.recognition.categories
    judgement = judge(version=now.version, stay=case, bill=stay.first.bill, categories=categories, before=before)
    answer = {**stay.answer, **outcome_of(judgement=judgement, recognition=now.recognition)}
    if "patient_receives_fen" in answer:
        answer |= paid_back(answer=answer)
    if "family_account_fen" in answer:
        answer |= split_of(answer=answer)
    patient = Money(answer["patient_pays_fen"] - stay.answer["patient_pays_fen"])
    difference = Difference(
        standing=stay,
        outcome=_outcome(stay, now, patient, waive_up_to),
        judgement=judgement,
        stay=case,
        before=before,
        layers=_layers(stay.answer, answer),
        hospital_borne=Money(answer["hospital_borne_fen"] - stay.answer["hospital_borne_fen"]),
        patient=patient,
        changes=_without_empty(
            moved(before=judgement.chosen.changes, changes=mirrored_changes(changes=stay.moved_until()))
        ),
        answer=answer,
        inputs=_inputs(now, case, before),
    )
    return difference if _matters(difference) else None


def _facts(digest: str, categories: tuple[str, ...], before: Balances, case: Stay) -> tuple[object, ...]:
    return digest, categories, _without_empty(before), dict(case.charged_before)


def _inputs(now: Now, case: Stay, before: Balances) -> dict[str, Any]:
    return {
        "policy": policy_as_told(version=now.version),
        "categories": list(now.recognition.categories),
        "counting_category": now.recognition.counting_category,
        "charged_before_fen": {name: each.fen for name, each in sorted(case.charged_before.items())},
        "before": balances_as_told(balances=before),
    }


def _matters(difference: Difference) -> bool:
    """Say whether something is to be booked or decided that was not let go before."""
    if difference.outcome not in BOOKABLE and difference.answer["patient_pays_fen"] in difference.standing.waived:
        return False
    return bool(difference.layers or difference.hospital_borne or difference.changes)


def _outcome(stay: Standing, now: Now, patient: Money, waive_up_to: Money) -> Outcome:
    if now.names_differ:
        return Outcome.NAME_DIFFERS
    if patient < ZERO:
        return Outcome.SUPPLEMENT
    if patient > ZERO:
        is_listed = bool(stay.inputs.categories or now.recognition.categories)
        return Outcome.WAIVED if is_listed and patient <= waive_up_to else Outcome.RECOVERY
    return Outcome.SHIFTED


def _layers(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[LayerDifference, ...]:
    """Return every layer's difference in payer order, the layers that pay no more last."""
    sums: dict[tuple[str, str], int] = {}
    for answer, sign in ((new, 1), (old, -1)):
        for each in answer["layers"]:
            key = (each["layer"], each["fund"])
            sums[key] = sums.get(key, 0) + sign * each["paid_fen"]
    return tuple(LayerDifference(layer, fund, Money(fen)) for (layer, fund), fen in sums.items() if fen)


def _without_empty(balances: Mapping[str, Balance]) -> dict[str, Balance]:
    return {account: each for account, each in balances.items() if each != EMPTY}
