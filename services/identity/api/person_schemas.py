"""What the routes of persons and households take and answer. Numbers are masked in every answer.

Room: api of identity.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from common.kit.fields import CitizenNumberField, RequestModel, ResponseModel, ShortText
from services.identity.usecases.read_household import Household
from services.identity.usecases.read_person import Archive

MOST_IDS = 200


class PersonSearch(RequestModel):
    """One of: a citizen number; a name with its village; up to 200 ids known from other services."""

    citizen_id: CitizenNumberField | None = None
    name: ShortText | None = None
    village: ShortText | None = None
    person_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MOST_IDS)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        asked = frozenset(
            self.model_fields_set - {field for field in self.model_fields_set if not getattr(self, field)}
        )
        if asked not in ({"citizen_id"}, {"name", "village"}, {"person_ids"}):
            raise PydanticCustomError("search_unclear", "search by citizen_id, by name and village, or by person_ids")
        return self


class PersonAnswer(ResponseModel):
    """A person in short."""

    person_id: UUID
    county: str
    township: str | None
    village: str | None
    household_id: UUID | None
    is_head: bool
    name: str | None
    citizen_id: str | None = Field(description="Masked: first six, stars, last four")
    phone: str | None
    known_by: Literal["list", "discharge"]


class PersonsFound(ResponseModel):
    """Whoever matches among the caller's own people."""

    items: list[PersonAnswer]
    next_cursor: None = None


class CategoryPeriod(ResponseModel):
    """One period of one category, as known at the instant asked about."""

    entitlement_id: UUID
    version: int
    category: str
    source: str
    effective_from: date
    effective_to: date | None
    list_date: date
    known_since: datetime
    withdrawn: bool
    in_force: bool = Field(description="Whether it counts on the day asked about")


class EpisodeAnswer(ResponseModel):
    """One stay (诊疗记录)."""

    settlement_id: UUID
    discharge_id: UUID
    county: str
    institution_code: str
    visit_type: str
    admitted_on: date
    discharged_on: date
    diagnoses: list[str]
    total_fen: int
    patient_pays_fen: int
    benefit_class: str
    identity_open: bool
    state: Literal["settled", "reversed"]
    reversed_on: date | None


class ArchiveAnswer(ResponseModel):
    """A person's archive (个人档案) about one day, as known at one instant."""

    person_id: UUID
    county: str
    on: date
    known_at: datetime
    known_by: Literal["list", "discharge"]
    provisional: bool
    name: str | None
    citizen_id: str | None = Field(description="Masked: first six, stars, last four")
    household_id: UUID | None
    relation: str | None
    is_head: bool
    township: str | None
    village: str | None
    phone: str | None
    placed_by: str | None = Field(description="Source on whose list name and place rest")
    placed_as_of: date | None
    counting_category: str | None
    categories: list[str] = Field(description="Categories in force on the day")
    periods: list[CategoryPeriod]
    episodes: list[EpisodeAnswer]


class HouseholdAnswer(ResponseModel):
    """A household (家庭) with its present members, the head first."""

    household_id: UUID
    county: str
    township: str | None
    village: str | None
    head_person_id: UUID | None
    members: list[PersonAnswer]


def archive_answer(archive: Archive) -> ArchiveAnswer:
    """Return the answer about one archive; what lists had not said by then is left open."""
    short, stated = archive.record.short, archive.stated
    place = stated.place if stated else None
    return ArchiveAnswer(
        person_id=short.person_id,
        county=short.county,
        on=archive.on,
        known_at=archive.known_at,
        known_by="list" if stated else "discharge",
        provisional=archive.record.provisional,
        name=stated.name if stated else None,
        citizen_id=short.citizen_id,
        household_id=place.household_id if place else None,
        relation=place.relation if place else None,
        is_head=place.is_head if place else False,
        township=place.township if place else None if short.known_by == "list" else short.township,
        village=place.village if place else None,
        phone=place.phone if place else None,
        placed_by=stated.source if stated else None,
        placed_as_of=stated.as_of if stated else None,
        counting_category=archive.counting_category,
        categories=list(archive.categories),
        periods=_periods(archive),
        episodes=_episodes(archive),
    )


def household_answer(found: Household) -> HouseholdAnswer:
    """Return the answer about one household."""
    return HouseholdAnswer(
        household_id=found.household_id,
        county=found.county,
        township=found.seat.township,
        village=found.seat.village,
        head_person_id=found.seat.head_person_id,
        members=[PersonAnswer.model_validate(each, from_attributes=True) for each in found.members],
    )


def _periods(archive: Archive) -> list[CategoryPeriod]:
    return [
        CategoryPeriod(
            entitlement_id=each.entitlement_id,
            version=each.version,
            category=each.category,
            source=each.source,
            effective_from=each.effective_from,
            effective_to=each.effective_to,
            list_date=each.list_date,
            known_since=each.known_since,
            withdrawn=each.withdrawn,
            in_force=each.covers(archive.on),
        )
        for each in archive.statements
    ]


def _episodes(archive: Archive) -> list[EpisodeAnswer]:
    return [
        EpisodeAnswer(
            settlement_id=each.settlement_id,
            discharge_id=each.discharge_id,
            county=each.county,
            institution_code=each.institution_code,
            visit_type=each.visit_type,
            admitted_on=each.admitted_on,
            discharged_on=each.discharged_on,
            diagnoses=list(each.diagnoses),
            total_fen=each.total_fen,
            patient_pays_fen=each.patient_pays_fen,
            benefit_class=each.benefit_class,
            identity_open=each.identity_open,
            state="settled" if each.is_live else "reversed",
            reversed_on=None if each.is_live else each.reversed_on,
        )
        for each in archive.episodes
    ]
