"""Row k: what the pure calculation of one bill takes, over the worked examples of every shipped county."""

from __future__ import annotations

import time
from statistics import median

from bench.table import Line, percentile
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from services.settlement.domain.benefit_class import best_calculation

TARGET_MICROSECONDS = 150.0


def measure(*, rounds: int, calls: int) -> list[Line]:
    """Return one line: microseconds per bill, every class of the person compared, no input or output.

    Args:
        rounds: How often the cases are gone through.
        calls: Calculations of each case in a round; their median counts.
    """
    cases = _cases()
    took = [median(_once(case) for _ in range(calls)) for _ in range(rounds) for case in cases]
    middle, late = (percentile(took, share) * 1e6 for share in (0.5, 0.99))
    what = f"calculation of a bill, p50 / p99 of {len(cases)} worked examples"
    return [Line("k", what, "p50 < 150 µs", "-", f"{middle:.0f} / {late:.0f} µs", "-", middle < TARGET_MICROSECONDS)]


def _cases() -> list[dict[str, object]]:
    found = []
    for path in sorted(POLICY_FOLDER.glob("*.yaml")):
        loaded = load_county(path)
        for version, examples in loaded.examples:
            for each in examples:
                place = loaded.policy.institution_on(code=each.institution_code, day=each.decided_on)
                stay = each.stay(place)
                told = {"stay": stay, "bill": each.bill, "categories": each.categories, "before": each.before}
                found.append({"version": version, **told})
    return found


def _once(case: dict[str, object]) -> float:
    began = time.perf_counter()
    best_calculation(**case)  # type: ignore[arg-type] # built right above
    return time.perf_counter() - began
