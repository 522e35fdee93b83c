"""Money in integer fen (分) and the one rounding function of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

FEN_PER_YUAN = 100


class NotWholeFen(ValueError):
    """An amount in yuan has more than two decimals, so it is no amount of fen."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of money (金额) in whole fen; may be negative, as in a mirrored entry.

    >>> Money(150) + Money(50)
    Money(fen=200)
    """

    fen: int

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise TypeError(f"money is whole fen, not {type(self.fen).__name__}")

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __neg__(self) -> Money:
        return Money(-self.fen)

    def __bool__(self) -> bool:
        return self.fen != 0

    def __str__(self) -> str:
        """Yuan with two decimals, as printed on a slip.

        >>> str(Money(-5)), str(Money(397160))
        ('-0.05', '3971.60')
        """
        sign = "-" if self.fen < 0 else ""
        yuan, fen = divmod(abs(self.fen), FEN_PER_YUAN)
        return f"{sign}{yuan}.{fen:02d}"


ZERO = Money(0)


def round_half_up(exact_fen: Decimal | Fraction) -> Money:
    """Round an exact amount in fen to whole fen, half up (四舍五入), away from zero for negative halves.

    This is the only rounding of money; it runs once at the end of each payment layer (policies.md 1.3, rule 1).

    >>> round_half_up(Decimal("0.5")), round_half_up(Decimal("-0.5")), round_half_up(Fraction(2, 3))
    (Money(fen=1), Money(fen=-1), Money(fen=1))
    """
    if isinstance(exact_fen, Fraction):
        doubled = abs(exact_fen) * 2 + 1
        magnitude = doubled.numerator // (doubled.denominator * 2)
        return Money(magnitude if exact_fen >= 0 else -magnitude)
    return Money(int(exact_fen.quantize(Decimal(1), rounding=ROUND_HALF_UP)))


def money_from_yuan(text: str) -> Money:
    """Read an amount in yuan such as `10000` or `12.50`.

    Raises:
        NotWholeFen: If the text is no number or has a fraction of a fen.
    """
    try:
        fen = Decimal(text) * FEN_PER_YUAN
    except ArithmeticError as error:
        raise NotWholeFen(f"{text!r} is not an amount in yuan") from error
    if not fen.is_finite() or fen != fen.to_integral_value():
        raise NotWholeFen(f"{text!r} is not a whole number of fen")
    return Money(int(fen))
