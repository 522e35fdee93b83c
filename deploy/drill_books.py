"""What stands in the books of a drill: read from every service's database, compared with what the hospital was told.

Pure but for `read_books`, which asks each database through `docker compose exec postgres psql`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

OWNERS = ("identity", "settlement", "contracts", "monitoring", "gateway")
BEHIND = ("identity", "contracts", "monitoring", "gateway")
_SENT = "SELECT settlement_id FROM settlement WHERE record_no LIKE '{prefix}-%'"
_BOOKS = {
    "settlement": _SENT + " AND state = 'settled'",
    "identity": "SELECT settlement_id FROM episode",
    "contracts": "SELECT settlement_id FROM stay",
    "monitoring": "SELECT settlement_id FROM stay",
    "gateway": "SELECT convert_from(data, 'UTF8')::json ->> 'settlement_id' FROM outward_event "
    "WHERE type = 'settlement.discharge_settled.v1'",
}
_JOURNAL = (
    "SELECT settlement_id FROM journal_entry JOIN settlement USING (settlement_id) "
    "WHERE kind = 'settlement' AND record_no LIKE '{prefix}-%'"
)
_UNBALANCED = "SELECT entry_id FROM posting GROUP BY entry_id HAVING sum(amount_fen) <> 0"
_LOG = (
    "SELECT convert_from(data, 'UTF8')::json ->> 'settlement_id' FROM outbox_event "
    "WHERE type = 'settlement.discharge_settled.v1'"
)
_PENDING = "SELECT log_id FROM outbox_pending"
_DIVERTED = "SELECT key FROM diverted_key"


@dataclass(frozen=True, slots=True)
class Books:
    """Every book as the list of settlement ids it holds, repeats included.

    Attributes:
        settled: Live settlements of the drill.
        journal: Settlements of the drill that have a booked entry.
        log: Settlements of which an event was written.
        behind: Per service behind the broker, the settlements it acted on; older ones included.
        unbalanced: Entries whose postings do not add up to zero.
        pending: Events not yet sent, per service.
        diverted: Keys set aside, per service.
    """

    settled: list[str]
    journal: list[str]
    log: list[str]
    behind: dict[str, list[str]]
    unbalanced: list[str]
    pending: dict[str, int]
    diverted: dict[str, int]

    def lines(self) -> list[str]:
        """Return the counts, one line per book, of the drill's own discharges."""
        own = set(self.settled)
        rows = {"settlements": self.settled, "journal": self.journal, "event log": self.log, **self.behind}
        return [f"{name:<12} {sum(each in own for each in ids):>6}" for name, ids in rows.items()]


def read_books(compose: Callable[..., str], prefix: str) -> Books:
    """Read every book of a drill whose record numbers begin with the prefix."""

    def ask(owner: str, question: str) -> list[str]:
        words = ("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", f"yizhan_{owner}", "-Atc", question)
        return compose(*words).split()

    return Books(
        settled=ask("settlement", _BOOKS["settlement"].format(prefix=prefix)),
        journal=ask("settlement", _JOURNAL.format(prefix=prefix)),
        log=ask("settlement", _LOG),
        behind={owner: ask(owner, _BOOKS[owner]) for owner in BEHIND},
        unbalanced=ask("settlement", _UNBALANCED),
        pending={owner: len(ask(owner, _PENDING)) for owner in OWNERS},
        diverted={owner: len(ask(owner, _DIVERTED)) for owner in OWNERS if owner != "gateway"},
    )


def verdict(books: Books, *, acknowledged: set[str], tried: int, unknown: int) -> list[str]:
    """Return every fault, none where nothing was lost and nothing done twice.

    Args:
        books: What stands in the databases.
        acknowledged: Settlement ids the hospital was told.
        tried: Discharges that were sent.
        unknown: Discharges that never got an answer: each may be booked once or not at all.
    """
    own = set(books.settled)
    faults = [f"{len(acknowledged - own)} acknowledged settlements are not booked"] if acknowledged - own else []
    if not acknowledged:
        faults.append("nothing was acknowledged")
    if len(own - acknowledged) > unknown:
        faults.append(f"{len(own - acknowledged)} booked and not acknowledged, {unknown} calls without an answer")
    if len(own) > tried:
        faults.append(f"{len(own)} booked of {tried} sent")
    rows = {"settlements": books.settled, "journal": books.journal, "event log": books.log, **books.behind}
    for name, ids in rows.items():
        counted = Counter(each for each in ids if each in own)
        if lost := own - set(counted):
            faults.append(f"{name}: {len(lost)} missing, one is {min(lost)}")
        if twice := [each for each, count in counted.items() if count > 1]:
            faults.append(f"{name}: {len(twice)} twice, one is {min(twice)}")
    faults += [f"{len(books.unbalanced)} journal entries do not balance"] if books.unbalanced else []
    faults += [f"{owner}: {count} events not sent" for owner, count in books.pending.items() if count]
    faults += [f"{owner}: {count} keys set aside" for owner, count in books.diverted.items() if count]
    return faults
