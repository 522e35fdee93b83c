"""Which yearly accounts (年度累计账户) a stay meets: those of the rules, of its hospital, its months and its diseases.

A part of an account has the account's name, `@` and what it stands for: `basic@hospital:H1`, `chronic@list:diabetes`.
Room: domain of settlement. Next hop: services/settlement/domain/accumulator.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.settlement.domain.layer_rule import LayerRule
from services.settlement.domain.vocabulary import Fact, Window

if TYPE_CHECKING:
    from services.settlement.domain.policy import PolicyVersion

STAYS = "stays"
"""Account that only counts in-patient stays, whole and by level and hospital."""
MONTHS_IN_QUARTER = 3


@dataclass(frozen=True, slots=True)
class StayPlace:
    """What parts of accounts a stay belongs to.

    Attributes:
        month: Of the day that decides about the year, 1 to 12.
        lists: Disease lists the stay is on, in the order of the county's file.
    """

    hospital: str
    level: str
    month: int
    lists: tuple[str, ...]

    def part(self, account: str, window: Window) -> str:
        """Return the account on which a start line or a cap of that window is counted."""
        if window is Window.PER_HOSPITAL:
            return f"{account}@hospital:{self.hospital}"
        if window is Window.PER_QUARTER:
            return f"{account}@quarter:{(self.month - 1) // MONTHS_IN_QUARTER + 1}"
        if window is Window.PER_MONTH:
            return f"{account}@month:{self.month}"
        return account

    def own_account(self, rule: LayerRule) -> str:
        """Return the account a rule counts on: its own, or that of the first list it means and the stay is on."""
        if not rule.per_list:
            return rule.account
        meant = rule.when.allowed.get(Fact.DISEASE_LIST, frozenset(self.lists))
        name = next((each for each in self.lists if each in meant), None)
        return rule.account if name is None else f"{rule.account}@list:{name}"

    def stay_accounts(self) -> tuple[str, str, str]:
        """Return the accounts that count stays: all, those at the level, those in the hospital."""
        return STAYS, level_account(self.level), f"{STAYS}@hospital:{self.hospital}"


def level_account(level: str) -> str:
    """Return the account that counts the stays at a level."""
    return f"{STAYS}@level:{level}"


def accounts_met(version: PolicyVersion, place: StayPlace) -> tuple[str, ...]:
    """Return every account that a stay may read or move, sorted: the order in which they are locked."""
    found: set[str] = set()
    for rule in (rule for layer in version.layers for rule in layer.rules):
        account = place.own_account(rule)
        found |= {account, place.part(account, rule.start_line.window)}
        found |= {place.part(cap.account, cap.window) for cap in rule.caps[1:] if cap.account}
    if version.counts_stays:
        found |= {*place.stay_accounts(), *(level_account(level) for level in version.levels)}
    return tuple(sorted(found))
