"""What a measurement says: one line per comparison, both sides, their ratio and whether the target is met."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

_HEADINGS = ("row", "what", "target", "raw", "ours", "ratio", "verdict")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; every field as it is printed.

    Attributes:
        row: Letter of the comparison.
        what: What is measured, with its unit.
        target: What was promised.
        raw: Figure of the plain parts; `-` where there is no other side.
        ours: Our figure.
        ratio: Median of the rounds' ratios; `-` where there is no other side.
        is_met: Whether the target is met; None where none was promised.
    """

    row: str
    what: str
    target: str
    raw: str
    ours: str
    ratio: str
    is_met: bool | None

    def cells(self) -> tuple[str, ...]:
        """Return the printed cells."""
        verdict = {True: "met", False: "MISSED", None: "-"}[self.is_met]
        return (self.row, self.what, self.target, self.raw, self.ours, self.ratio, verdict)


def at_most(row: str, what: str, raw: Sequence[float], ours: Sequence[float], *, times: float) -> Line:
    """Return a line on milliseconds: our side takes at most so many times the raw side's, round by round."""
    ratio = median(our / plain for plain, our in zip(raw, ours, strict=True))
    return Line(row, what, f"<= {times:g}x", _ms(raw), _ms(ours), f"{ratio:.2f}x", ratio <= times)


def at_least(row: str, what: str, raw: Sequence[float], ours: Sequence[float], *, share: float) -> Line:
    """Return a line on rates a second: our side reaches at least that share of the raw side's, round by round."""
    ratio = median(our / plain for plain, our in zip(raw, ours, strict=True))
    return Line(row, what, f">= {share:.0%}", _rate(raw), _rate(ours), f"{ratio:.0%}", ratio >= share)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below or at which that share of the values lies (nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5), percentile([1.0], 0.99)
    (2.0, 1.0)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def as_markdown(lines: Sequence[Line]) -> str:
    """Return the table in Markdown."""
    rows = [_HEADINGS, tuple("---" for _ in _HEADINGS), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def _ms(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ms"


def _rate(values: Sequence[float]) -> str:
    return f"{median(values):,.0f}/s"
