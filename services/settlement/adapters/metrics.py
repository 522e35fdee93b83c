"""What settlement's worker shows beside the kit's own metrics (docs/metrics.md).

Room: adapters of settlement.
"""

from __future__ import annotations

from prometheus_client import Gauge

RELIEF_WAITING = Gauge(
    "relief_waiting_fen", "Relief that is approved and waits for money, in fen", ["county", "fund", "ledger"]
)
FUND_BUDGET = Gauge(
    "fund_budget_fen", "Budget of a fund's year with its sub-ledgers as it counts today, in fen", ["county", "fund"]
)
FUND_AVAILABLE = Gauge("fund_available_fen", "What is left of it, in fen; below zero: overdrawn", ["county", "fund"])
