"""What settlement shows of relief beside the kit's own metrics (docs/metrics.md).

Room: adapters of settlement.
"""

from __future__ import annotations

from prometheus_client import Gauge

RELIEF_WAITING = Gauge(
    "relief_waiting_fen", "Relief that is approved and waits for money, in fen", ["county", "fund", "ledger"]
)
