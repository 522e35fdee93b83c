"""Day blocks of the journal (日结区块): each day's entries sealed together with the block before.

Whoever alters, adds or takes away an entry of a sealed day breaks its hash and every later one.
Room: domain of settlement. Next hop: services/settlement/adapters/books.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

FIRST = bytes(32)
"""What the first block has as the one before."""


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """A journal entry as it stands in the books.

    Attributes:
        subject_id: The settlement, clearing or repayment it belongs to.
        booked_at: Instant in RFC 3339.
        postings: Account, layer (with `@` and the sub-ledger, where one bears it) and fen of each, in their order.
    """

    entry_id: UUID
    subject_id: UUID
    kind: str
    booked_at: str
    postings: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class DayBlock:
    """One sealed day.

    Attributes:
        debit_fen: Sum of the debits.
        previous_hash: Of the block before.
        block_hash: SHA-256 of the block before, the day and its entries in the order booked.
    """

    day: date
    entry_count: int
    debit_fen: int
    previous_hash: bytes
    block_hash: bytes


def block_of(*, day: date, previous_hash: bytes, entries: Iterable[BookedEntry]) -> DayBlock:
    """Return the block of a day's entries, which come in the order booked, equal instants by id."""
    digest = hashlib.sha256(previous_hash + day.isoformat().encode())
    count, debit = 0, 0
    for entry in entries:
        digest.update(_line(entry))
        count += 1
        debit += sum(fen for _, _, fen in entry.postings if fen > 0)
    return DayBlock(day, count, debit, previous_hash, digest.digest())


def _line(entry: BookedEntry) -> bytes:
    parts = [
        str(entry.entry_id),
        str(entry.subject_id),
        entry.kind,
        entry.booked_at,
        [list(posting) for posting in entry.postings],
    ]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
