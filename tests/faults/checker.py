"""The checker of events.md section 16: pure, over collected evidence; no finding means nothing lost and nothing twice.

Points 1 to 7 are judged here; the eighth are the broken builds of `test_controls.py`, each of which must be found out.
Clearings, manifests and reservations do not exist yet; their parts of points 6 and 7 come with them.
"""

from __future__ import annotations

from tests.faults import checker_books, checker_events
from tests.faults.evidence import Evidence, Finding

POINTS = (
    checker_books.answers_and_bookings,
    checker_books.journal_and_accounts,
    checker_books.projections_and_states,
    checker_events.logs_and_topics,
    checker_events.order_of_keys,
    checker_events.inboxes_and_effects,
    checker_events.at_rest,
)


def check(evidence: Evidence) -> list[Finding]:
    """Return everything that does not hold, in the order of the points."""
    return [finding for point in POINTS for finding in point(evidence)]
