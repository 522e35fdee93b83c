"""The hand-written list of every event type: who tells it, under which key, who hears it, what may leave the door."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from common.core.ids import EventId, named_id
from common.published import contracts, identity, monitoring, settlement
from common.published.base import PublishedEvent

PRODUCERS = ("identity", "settlement", "contracts", "monitoring")
IDENTITY_LISTENERS = ("settlement", "contracts", "monitoring")


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """One event type.

    Attributes:
        event_type: `<producer>.<past fact>.v<n>`.
        model: The published model.
        key: Field whose value is the event's key and, hashed, its partition.
        subject: Field naming the thing the fact is about.
        natural: Fields that, with type and key, make the event id: a re-run makes the same id.
        listeners: Services that consume it, beside the gateway, which stores all.
        withheld: Fields that never leave through the gateway.
        diagnosis: Fields that leave only with the scope `events:diagnosis`.
        amount: Field summed by the daily manifest, in fen.
    """

    event_type: str
    model: type[PublishedEvent]
    key: str
    subject: str
    natural: tuple[str, ...]
    listeners: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    amount: str | None = None

    @property
    def producer(self) -> str:
        """The service that tells it."""
        return self.event_type.partition(".")[0]

    @property
    def topic(self) -> str:
        """The one topic of the producer."""
        return topic_of(self.producer)

    @property
    def source(self) -> str:
        """CloudEvents source."""
        return f"/yizhan/{self.producer}"

    @property
    def schema_path(self) -> str:
        """Where the JSON Schema is served."""
        return f"/schemas/{self.event_type}.json"

    def key_of(self, event: PublishedEvent) -> str:
        """Return the key as text."""
        return str(getattr(event, self.key))

    def event_id_of(self, event: PublishedEvent) -> EventId:
        """Return the deterministic id of the fact told under its key."""
        natural = [getattr(event, field) for field in self.natural]
        return EventId(named_id("event", self.event_type, self.key_of(event), *natural))


def topic_of(producer: str) -> str:
    """Return the producer's topic."""
    return f"{producer}.events"


_I, _S, _C, _M = identity, settlement, contracts, monitoring
_HEAR = IDENTITY_LISTENERS
_DISCHARGE = ("identity", "contracts", "monitoring")
_CHECK = ("name_check",)

CATALOGUE: tuple[CatalogueLine, ...] = (
    CatalogueLine(
        "identity.person_registered.v1", _I.PersonRegistered, "person_id", "person_id", (), _HEAR, withheld=_CHECK
    ),
    CatalogueLine(
        "identity.person_moved.v1", _I.PersonMoved, "person_id", "person_id", ("moved_on", "township"), _HEAR
    ),
    CatalogueLine(
        "identity.name_check_changed.v1",
        _I.NameCheckChanged,
        "person_id",
        "person_id",
        ("name_check", "changed_on"),
        _HEAR,
        withheld=_CHECK,
    ),
    CatalogueLine("identity.person_ended.v1", _I.PersonEnded, "person_id", "person_id", ("ended_on",), _HEAR),
    CatalogueLine(
        "identity.entitlement_changed.v1",
        _I.EntitlementChanged,
        "person_id",
        "entitlement_id",
        ("entitlement_id", "version"),
        _HEAR,
    ),
    CatalogueLine(
        "identity.insurance_changed.v1",
        _I.InsuranceChanged,
        "person_id",
        "person_id",
        ("scheme", "effective_from", "version"),
        ("settlement", "monitoring"),
    ),
    CatalogueLine(
        "identity.household_changed.v1",
        _I.HouseholdChanged,
        "household_id",
        "household_id",
        ("change_id",),
        ("contracts", "monitoring"),
    ),
    CatalogueLine(
        "identity.person_merged.v1", _I.PersonMerged, "person_id", "surviving_person_id", ("retired_person_id",), _HEAR
    ),
    CatalogueLine(
        "settlement.discharge_settled.v1",
        _S.DischargeSettled,
        "person_id",
        "settlement_id",
        ("settlement_id",),
        _DISCHARGE,
        diagnosis=("diagnoses",),
        amount="total_fen",
    ),
    CatalogueLine(
        "settlement.settlement_reversed.v1",
        _S.SettlementReversed,
        "person_id",
        "settlement_id",
        ("reversal_id",),
        _DISCHARGE,
        amount="total_fen",
    ),
    CatalogueLine(
        "settlement.supplement_booked.v1",
        _S.SupplementBooked,
        "person_id",
        "settlement_id",
        ("supplement_id",),
        _DISCHARGE,
        amount="patient_pays_fen",
    ),
    CatalogueLine(
        "settlement.clearing_closed.v1",
        _S.ClearingClosed,
        "clearing_id",
        "clearing_id",
        ("clearing_id",),
        amount="sum_fen",
    ),
    CatalogueLine(
        "contracts.contract_signed.v1",
        _C.ContractSigned,
        "person_id",
        "contract_id",
        ("contract_id",),
        ("identity", "monitoring"),
    ),
    CatalogueLine(
        "contracts.contract_ended.v1",
        _C.ContractEnded,
        "person_id",
        "contract_id",
        ("contract_id",),
        ("identity", "monitoring"),
    ),
    CatalogueLine(
        "contracts.treatment_file_opened.v1",
        _C.TreatmentFileOpened,
        "person_id",
        "treatment_file_id",
        ("treatment_file_id",),
        ("identity", "monitoring"),
        diagnosis=("care_path_code",),
    ),
    CatalogueLine(
        "contracts.follow_up_planned.v1",
        _C.FollowUpPlanned,
        "person_id",
        "follow_up_id",
        ("follow_up_id",),
        ("monitoring",),
        diagnosis=("disease",),
    ),
    CatalogueLine(
        "contracts.follow_up_done.v1",
        _C.FollowUpDone,
        "person_id",
        "follow_up_id",
        ("follow_up_id",),
        ("monitoring",),
        diagnosis=("disease",),
    ),
    CatalogueLine(
        "contracts.follow_up_overdue.v1",
        _C.FollowUpOverdue,
        "person_id",
        "follow_up_id",
        ("follow_up_id",),
        ("monitoring",),
        diagnosis=("disease",),
    ),
    CatalogueLine(
        "monitoring.alert_raised.v1",
        _M.AlertRaised,
        "subject_id",
        "alert_id",
        ("alert_id",),
        ("identity", "settlement", "contracts"),
        amount="amount_fen",
    ),
    CatalogueLine(
        "monitoring.case_opened.v1",
        _M.CaseOpened,
        "household_id",
        "case_id",
        ("case_id",),
        ("identity", "settlement", "contracts"),
    ),
    CatalogueLine(
        "monitoring.case_decided.v1",
        _M.CaseDecided,
        "household_id",
        "case_id",
        ("case_id",),
        ("identity", "settlement", "contracts"),
    ),
)

BY_TYPE: dict[str, CatalogueLine] = {line.event_type: line for line in CATALOGUE}
BY_MODEL: dict[type[PublishedEvent], CatalogueLine] = {line.model: line for line in CATALOGUE}


class UnlistedEvent(LookupError):
    """An event class or type has no line in the catalogue."""


def line_for(event: PublishedEvent) -> CatalogueLine:
    """Return the catalogue line of an event.

    Raises:
        UnlistedEvent: If its class is not in the catalogue.
    """
    line = BY_MODEL.get(type(event))
    if line is None:
        raise UnlistedEvent(f"{type(event).__name__} has no line in common/published/catalogue.py")
    return line


def key_is_person(line: CatalogueLine) -> bool:
    """Say whether the key is a person's id."""
    return line.key == "person_id"


def household_key(household_id: UUID | None, person_id: UUID) -> UUID:
    """Return the key of a household fact: the household, or the person where none is known."""
    return household_id or person_id
