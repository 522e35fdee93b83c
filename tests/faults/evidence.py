"""What the checker judges: the clients' history, the final databases, every topic from offset 0. Plain values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Outcome = Literal["ok", "refused", "unknown"]
Harm = Literal["lost", "double", "other"]
KeyOf = tuple[str, str]
"""Producer and key."""
Place = tuple[str, int, int]
"""Topic, partition, offset."""
Account = tuple[UUID, str, int, str]
"""Person, county, year, account."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one call; the tries of a call share its key.

    Attributes:
        outcome: `unknown` for a time-out, a cut line or a 5xx: it says nothing about what was booked.
        settlement_id: What a reversal was about; None when it named the record.
        total_fen: The bill of a discharge.
    """

    key: str
    kind: Literal["discharge", "reversal"]
    institution_code: str
    record_no: str
    outcome: Outcome
    status: int | None = None
    body: bytes = b""
    total_fen: int = 0
    settlement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A row of settlement with what it moved on the accounts."""

    settlement_id: UUID
    discharge_id: UUID
    person_id: UUID
    county: str
    institution_code: str
    record_no: str
    attempt: int
    state: str
    year: int
    total_fen: int
    fund_paid_fen: int
    hospital_borne_fen: int
    patient_pays_fen: int
    changes: Mapping[str, tuple[int, int, int, int]]

    @property
    def is_live(self) -> bool:
        """Whether it was not reversed."""
        return self.state == "settled"


Posting = tuple[str, str, int]
"""Account, layer, fen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry with its postings in line order."""

    entry_id: UUID
    settlement_id: UUID
    kind: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """What settlement's database says."""

    settlements: tuple[Settlement, ...]
    discharges: frozenset[UUID]
    entries: tuple[Entry, ...]
    reversed_ids: tuple[UUID, ...]
    balances: Mapping[Account, tuple[int, int, int, int]]
    openings: tuple[tuple[UUID, str, int, Mapping[str, tuple[int, int, int, int]]], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A row of an outbox log."""

    producer: str
    event_id: UUID
    topic: str
    type: str
    key: str
    sequence: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a topic; without event id it is no envelope."""

    topic: str
    partition: int
    offset: int
    event_id: UUID | None
    producer: str
    type: str
    key: str
    sequence: int | None

    @property
    def place(self) -> Place:
        """Where it lies."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A row of parked_event."""

    event_id: UUID
    producer: str
    key: str
    sequence: int | None
    state: str
    error_code: str
    place: Place


@dataclass(frozen=True, slots=True)
class Consumer:
    """What one consumer's database says about its events.

    Attributes:
        types: Event types it handles; the others only move its watermark.
        topics: What it reads.
        lag: Records of its topics that its group has still to read.
    """

    name: str
    types: frozenset[str]
    topics: frozenset[str]
    handled: frozenset[UUID]
    parked: tuple[ParkedRow, ...]
    diverted: frozenset[KeyOf]
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Projection:
    """What a consumer made of its events.

    Attributes:
        types: The event types whose effects are listed.
        effects: Event id -> how often its effect stands there.
        paid_by_person: The patients' shares it adds up, in fen; None where it keeps none.
        live: Settlements it takes for valid; None where it keeps none.
    """

    consumer: str
    types: frozenset[str]
    effects: Counter[UUID]
    paid_by_person: Mapping[UUID, int] | None = None
    live: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything at one instant.

    Attributes:
        positions: The outward log, position -> event id; empty where there is no gateway.
        limits: Account -> most it may pay in a year, in fen.
        planted_poison: Records that are no envelope on purpose.
        reordered: Keys whose records were put out of order on purpose.
        forgotten: Ids of events that the broker was made to lose.
        earlier: Journal entries as an earlier look saw them.
    """

    history: tuple[Attempt, ...]
    books: Books
    told: tuple[Told, ...]
    pending: Mapping[str, int]
    found: tuple[Found, ...]
    consumers: tuple[Consumer, ...]
    projections: tuple[Projection, ...]
    positions: Mapping[int, UUID] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    planted_poison: frozenset[Place] = frozenset()
    reordered: frozenset[KeyOf] = frozenset()
    forgotten: frozenset[UUID] = frozenset()
    earlier: Mapping[UUID, tuple[Posting, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that does not hold: the point of events.md section 16, the ids, and what was expected.

    Attributes:
        harm: Whether something is missing or there too often, where that can be said.
    """

    point: int
    what: str
    harm: Harm = "other"

    def __str__(self) -> str:
        return f"point {self.point}: {self.what}"
