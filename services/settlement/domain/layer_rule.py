"""How one layer pays (支付规则): every switch that a county's file can set for it.

Room: domain of settlement. Switches: policies.md 2; words of the file: docs/policies.md.
Next hop: services/settlement/domain/layer.py
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from common.core.money import Money
from services.settlement.domain.amount import Amount
from services.settlement.domain.condition import Condition, Facts, Origin, Table
from services.settlement.domain.vocabulary import (
    Base,
    BasePart,
    Choice,
    Continuation,
    Counting,
    Edges,
    Fund,
    Measure,
    Whole,
    Window,
)

NO_AMOUNT: Table[Amount] = Table("", ())
NO_RATIO: Table[Decimal] = Table("", ())


@dataclass(frozen=True, slots=True)
class Band:
    """A ratio (支付比例) up to an edge of the counted base (分段上限); the last band has no edge."""

    up_to: Table[Amount] | None
    ratio: Table[Decimal]


@dataclass(frozen=True, slots=True)
class BaseRule:
    """What is counted (基数).

    Attributes:
        items: Categories of the lines that count alone (按费用类别); none means all.
        plus: Parts outside the scope that count too.
        less: What earlier layers charged or cut that does not count.
        less_prior_relief: Whether relief already received lowers it.
        cap: Most that counts (费用封顶); no row means no limit.
        cap_per_year: Whether that is meant for the year's base, not for a stay.
        cap_first: Whether the limit comes before the start line is taken off.
    """

    of: Base
    items: frozenset[str] = frozenset()
    plus: frozenset[BasePart] = frozenset()
    less: frozenset[BasePart] = frozenset()
    less_prior_relief: bool = False
    cap: Table[Amount] = NO_AMOUNT
    cap_per_year: bool = False
    cap_first: bool = True


@dataclass(frozen=True, slots=True)
class StartLine:
    """What the patient bears first (起付线).

    Attributes:
        amount: The standard; no row means none.
        share: Part of the standard that is charged, as 0.5 for half (减半); no row means all of it.
        window: How often it is charged.
        year_limit: Most that is charged in a year (全年累计不超过); no row means no limit.
        shared_with: Continued stays whose start lines count as charged for this one, too.
    """

    amount: Table[Amount] = NO_AMOUNT
    share: Table[Decimal] = NO_RATIO
    window: Window = Window.PER_STAY
    year_limit: Table[Amount] = NO_AMOUNT
    shared_with: frozenset[Continuation] = frozenset()


@dataclass(frozen=True, slots=True)
class ByBands:
    """Ratios on the base above the start line (按比例支付).

    Attributes:
        points: Percentage points that all rows which meet the stay add to every ratio, as 0.10; they may be negative.
        at_least: Ratio that is not gone below (不低于).
        floor: Share of a quantity that is paid at least (保底).
    """

    bands: tuple[Band, ...]
    edges: Edges = Edges.ABSOLUTE
    points: Table[Decimal] = NO_RATIO
    at_least: Table[Decimal] = NO_RATIO
    floor: Table[Decimal] = NO_RATIO
    floor_of: Whole = Whole.IN_SCOPE


@dataclass(frozen=True, slots=True)
class FixedAmount:
    """An amount whatever the cost is, never above the base (定额)."""

    amount: Table[Amount]


@dataclass(frozen=True, slots=True)
class Package:
    """A price for the whole stay (单病种、包干): above it the hospital bears the cost.

    Attributes:
        price: What the stay may cost.
        patient: The patient's part of it.
    """

    price: Table[Amount]
    patient: Table[Amount]


@dataclass(frozen=True, slots=True)
class Reach:
    """Fills what all payments before lack of a share of a quantity (补齐到), as 0.9 of the total."""

    share: Table[Decimal]
    of: Whole


@dataclass(frozen=True, slots=True)
class Leave:
    """Leaves the patient at most a share of the total (个人自付不超过)."""

    share: Table[Decimal]


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """Pays what the patient's own cost is above a limit (自付封顶).

    Attributes:
        window: `PER_YEAR`: the own cost of the year; `PER_STAY`: of this stay alone.
    """

    limit: Table[Amount]
    window: Window = Window.PER_YEAR


Method = ByBands | FixedAmount | Package | Reach | Leave | OwnLimit


@dataclass(frozen=True, slots=True)
class Growth:
    """What a cap grows by for every unit of a measure above a number (连续参保激励)."""

    measure: Measure
    above: int
    step: Money
    origin: Origin


@dataclass(frozen=True, slots=True)
class Cap:
    """Most that is paid from an account in a year, a quarter or a month, or for one stay or visit (封顶线).

    Attributes:
        account: Yearly account that is meant; empty where the limit is that of each stay.
        amount: No row means no limit.
        growth: What is added to it.
        growth_at_most: Share of the amount that all growth stays below; no row means no limit.
        window: For how long it is meant.
    """

    account: str
    amount: Table[Amount] = NO_AMOUNT
    growth: tuple[Growth, ...] = ()
    growth_at_most: Table[Decimal] = NO_RATIO
    window: Window = Window.PER_YEAR


@dataclass(frozen=True, slots=True)
class LayerRule:
    """How a layer pays the stays that meet its condition.

    Attributes:
        name: Stable name inside the layer.
        label: Chinese words for the slip.
        when: Asked when the layer's turn comes, so it may ask what is left and who paid.
        caps: The first is the account the rule counts on; payments count against every further one, too.
        per_list: Whether every disease list of the stay has an account of its own (按病种分别累计).
        on_application: Not paid at the window, only named (依申请).
    """

    name: str
    label: str
    when: Condition
    fund: Table[str]
    base: BaseRule
    counting: Counting
    start_line: StartLine
    method: Method
    caps: tuple[Cap, ...]
    per_list: bool = False
    on_application: bool = False

    @property
    def account(self) -> str:
        """The yearly account it counts on."""
        return self.caps[0].account


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer in the order of paying (待遇层次)."""

    name: str
    label: str
    fund: Fund
    choice: Choice
    rules: tuple[LayerRule, ...]

    def fund_for(self, facts: Facts) -> str:
        """Return who would pay a stay, whether or not anything is paid."""
        return next((rule.fund.get(facts).value for rule in self.rules if rule.when.holds(facts)), self.fund.value)
