"""Facts told by identity: who people are, where they live, what they are entitled to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from common.published.base import PublishedEvent, TownshipText


class PersonRegistered(PublishedEvent):
    """A person entered the registry by a published list or a verified archive (人员登记)."""

    person_id: UUID
    household_id: UUID | None = None
    township: TownshipText | None = None
    name_check: str | None = Field(
        default=None, description="Keyed check of the name; stripped from outward projections"
    )
    is_head: bool = False


class PersonMoved(PublishedEvent):
    """A person's township of residence changed (迁移)."""

    person_id: UUID
    township: TownshipText
    moved_on: date


class NameCheckChanged(PublishedEvent):
    """A list gave a person another name (姓名更正)."""

    person_id: UUID
    name_check: str
    changed_on: date


class PersonEnded(PublishedEvent):
    """A person died or left the county (死亡或迁出)."""

    person_id: UUID
    ended_on: date
    reason_code: str


class EntitlementChanged(PublishedEvent):
    """A category of a person began, ended or was corrected (身份类别变更).

    One event tells one whole period: `state` says whether it now counts or was withdrawn.
    """

    person_id: UUID
    entitlement_id: UUID
    version: int = Field(ge=1, description="n-th statement about this period; a later one replaces the earlier")
    category: str
    counting_category: str | None = Field(default=None, description="The person's category when heads are counted")
    effective_from: date
    effective_to: date | None = Field(default=None, description="First day on which it no longer counts")
    authority: str = Field(description="Code of the list's source: poverty_relief or civil_affairs")
    list_date: date = Field(description="as_of of the newest list on which the category rests")
    known_since: datetime
    withdrawn: bool = False


class InsuranceChanged(PublishedEvent):
    """A person's insurance state changed (参保状态变更)."""

    person_id: UUID
    scheme: str
    state: str
    effective_from: date
    effective_to: date | None = None
    version: int = Field(default=1, ge=1)


class HouseholdChanged(PublishedEvent):
    """Members joined or left a household (家庭成员变动)."""

    household_id: UUID
    change_id: UUID
    township: TownshipText | None = None
    head_person_id: UUID | None = None
    joined: list[UUID] = Field(default_factory=list)
    left: list[UUID] = Field(default_factory=list)
    as_of: date


class PersonMerged(PublishedEvent):
    """Two archives are one person (档案合并); told once under each of the two ids."""

    person_id: UUID = Field(description="The id under which this copy is told")
    surviving_person_id: UUID
    retired_person_id: UUID
    merged_on: date
