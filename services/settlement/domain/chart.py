"""The chart of accounts (会计科目表): a county's funds with their purposes and earmarked sub-ledgers, as dated data.

Money of a purpose is spent on that purpose alone (专款专用). Room: domain of settlement.
Next hop: services/settlement/domain/budget.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from common.core.errors import NotFound, Refused
from common.core.period import Period
from services.settlement.domain.policy import CountyPolicy, PolicyVersion
from services.settlement.domain.vocabulary import Fund

WHOLE = ""
"""Ledger of what a fund holds without an earmark."""


class FundUnknown(NotFound):
    """The county's chart has no such fund or sub-ledger in the budget's year."""

    code = "fund_unknown"
    zh = "该县会计科目表中没有此基金或明细账"


class PurposeMismatch(Refused):
    """The money may not be used for that layer."""

    code = "purpose_mismatch"
    zh = "用途与资金来源不符，专款须专用"


@dataclass(frozen=True, slots=True)
class FundAccount:
    """A fund or one of its sub-ledgers.

    Attributes:
        ledger: Code of the sub-ledger (明细账); `WHOLE` for the fund itself.
        name: Chinese name.
        layers: Layers that it may pay.
        valid: From its first day until the day before its end.
        origin: Fund that the earmarked money comes from; empty for the fund itself.
        purpose: What the earmarked money is for, in Chinese; empty for the fund itself.
    """

    fund: str
    ledger: str
    name: str
    layers: frozenset[str]
    valid: Period
    origin: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A county's funds and sub-ledgers."""

    accounts: tuple[FundAccount, ...]

    def of_fund(self, *, fund: str, within: Period) -> tuple[FundAccount, ...]:
        """Return the fund and its sub-ledgers that count on any day of a period, in the order of the data."""
        return tuple(each for each in self.accounts if each.fund == fund and each.valid.overlaps(within))

    def earmarked(self, layer: str, fund: str, *, day: date) -> str | None:
        """Return the sub-ledger of the fund that bears what a tilt adds to the layer on a day; None without one."""
        return next(
            (
                each.ledger
                for each in self.accounts
                if each.fund == fund and each.ledger != WHOLE and layer in each.layers and each.valid.covers(day)
            ),
            None,
        )

    def pays(self, *, fund: str, layer: str, day: date, ledger: str = WHOLE) -> bool:
        """Say whether the fund, or its sub-ledger, may pay the layer on a day."""
        return any(
            each.fund == fund and each.ledger == ledger and each.valid.covers(day) and layer in each.layers
            for each in self.accounts
        )


def require_purpose(*, chart: Chart, fund: str, ledger: str, layer: str | None, within: Period) -> None:
    """Let money through only to a fund and sub-ledger of the county, and for a layer that it may pay.

    Args:
        chart: The county's.
        fund: Word of the fund.
        ledger: Sub-ledger; `WHOLE` for the fund itself.
        layer: What the money is said to be for; None where nothing is said.
        within: Days for which the money is meant.

    Raises:
        FundUnknown: If the chart has no such account in the period.
        PurposeMismatch: If the account may not pay the layer.
    """
    found = [each for each in chart.of_fund(fund=fund, within=within) if each.ledger == ledger]
    if not found:
        raise FundUnknown(f"the county's chart has no account {fund} {ledger}".rstrip(), fund=fund, ledger=ledger)
    if layer is not None and not any(layer in each.layers for each in found):
        allowed = sorted(set[str]().union(*(each.layers for each in found)))
        raise PurposeMismatch(f"{fund} {ledger} may not pay {layer}", fund=fund, layer=layer, allowed=allowed)


def off_purpose(*, policies: Mapping[str, CountyPolicy], charts: Mapping[str, Chart]) -> tuple[str, ...]:
    """Return county, layer and fund wherever a policy pays a layer from a fund that may not pay it, in text."""
    return tuple(
        f"{county}: {layer} from {fund} on {version.starts_on}"
        for county, policy in policies.items()
        for version in policy.versions
        for layer, fund in sorted(set(_payments(version)))
        if fund != Fund.HOSPITAL and not charts[county].pays(fund=fund, layer=layer, day=version.starts_on)
    )


def _payments(version: PolicyVersion) -> Iterator[tuple[str, str]]:
    for layer in version.layers:
        yield layer.name, layer.fund.value
        yield from ((layer.name, row.value) for rule in layer.rules for row in rule.fund.rows)
