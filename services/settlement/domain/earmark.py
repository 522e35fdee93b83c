"""What of a payment came out of earmarked money (专款明细账): the part that a tilt of the policy caused.

The chain runs once by the general rule and once as it was paid; a layer's difference is charged to the sub-ledger that
pays for the tilt, and may be negative where an earlier layer left less (policies.md 5.2). Room: domain of settlement.
Next hop: services/settlement/domain/ledger.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.core.money import ZERO, Money
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import Calculation, calculate
from services.settlement.domain.chart import Chart
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import ORDINARY


@dataclass(frozen=True, slots=True)
class Earmark:
    """What a sub-ledger bears of a layer's payment out of its fund; negative where the tilt lets the layer pay less."""

    layer: str
    fund: str
    ledger: str
    amount: Money


def earmarks_of(
    *, chart: Chart, version: PolicyVersion, stay: Stay, bill: Bill, before: Balances, chosen: Calculation
) -> tuple[Earmark, ...]:
    """Return what each sub-ledger bears of a stay, in payer order; nothing for whom the general rule was applied to.

    Args:
        chart: The county's funds and sub-ledgers.
        version: That ruled.
        stay: Where, how and since when.
        bill: As it came.
        before: The year's accounts before the stay.
        chosen: What was paid.
    """
    day = stay.discharged_on
    meant = {place: ledger for place in _paid(chosen) if (ledger := chart.earmarked(*place, day=day)) is not None}
    if not meant or chosen.benefit_class == ORDINARY:
        return ()
    general = _paid(calculate(version=version, stay=stay, bill=bill, benefit_class=ORDINARY, before=before))
    found = (
        Earmark(layer, fund, meant[layer, fund], paid - general.get((layer, fund), ZERO))
        for (layer, fund), paid in _paid(chosen).items()
        if (layer, fund) in meant
    )
    return tuple(each for each in found if each.amount)


def changed(*, old: Iterable[Earmark], new: Iterable[Earmark]) -> tuple[Earmark, ...]:
    """Return what a correction moves between the sub-ledgers."""
    sums: dict[tuple[str, str, str], Money] = {}
    for earmarks, sign in ((new, 1), (old, -1)):
        for each in earmarks:
            place = (each.layer, each.fund, each.ledger)
            sums[place] = sums.get(place, ZERO) + (each.amount if sign > 0 else -each.amount)
    return tuple(Earmark(*place, amount) for place, amount in sums.items() if amount)


def _paid(calculation: Calculation) -> dict[tuple[str, str], Money]:
    paid: dict[tuple[str, str], Money] = {}
    for each in calculation.layers:
        place = (each.layer, each.fund)
        paid[place] = paid.get(place, ZERO) + each.paid
    return paid
