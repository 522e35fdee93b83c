"""A bureau or township reads one archive, as known on any day (programme.md ID-1); the read is recorded.

Room: use cases of identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.identity.adapters import archives, audit, episodes
from services.identity.adapters.archives import PersonRecord
from services.identity.domain.archive import ArchiveStatement, archive_as_known
from services.identity.domain.category import counting_category
from services.identity.domain.county import CountyRules
from services.identity.domain.entitlement import Statement, as_known, categories_on
from services.identity.domain.viewing import UnknownHere, Viewer


@dataclass(frozen=True, slots=True)
class Archive:
    """A person's archive about one day, as known at one instant.

    Attributes:
        record: The person as stored now.
        stated: Name and place as lists said; None where no list had spoken yet.
        statements: The categories' periods as known.
        categories: Codes that count on the day.
        counting_category: The one as which the head is counted on the day.
        episodes: Stays discharged until the day, the latest first.
    """

    record: PersonRecord
    on: date
    known_at: datetime
    stated: ArchiveStatement | None
    statements: Sequence[Statement]
    categories: Sequence[str]
    counting_category: str | None
    episodes: Sequence[Any]


async def read_person(
    uow: UnitOfWork,
    *,
    person_id: UUID,
    viewer: Viewer,
    on: date,
    known_at: datetime,
    counties: Mapping[str, CountyRules],
    seal: Seal,
    now: datetime,
) -> Archive:
    """Return the archive.

    Args:
        uow: Where the archive lies and the read is recorded.
        person_id: Whose archive.
        viewer: Who asks.
        on: China date asked about.
        known_at: Instant whose knowledge answers.
        counties: For the order in which categories count.
        seal: Opens number and phone.
        now: When the read happens.

    Raises:
        UnknownHere: If the person is unknown or not the viewer's own.
    """
    record = await archives.person_record(uow.connection, seal, person_id)
    if record is None or not viewer.may_see(county=record.short.county, township=record.short.township):
        raise UnknownHere("no such person")
    await audit.note_read(uow, client_id=viewer.client_id, action="read_person", person_ids=[person_id], now=now)
    statements = as_known(statements=record.statements, known_at=known_at)
    held = categories_on(statements=statements, day=on)
    return Archive(
        record=record,
        on=on,
        known_at=known_at,
        stated=archive_as_known(statements=record.places, on=on, known_at=known_at),
        statements=statements,
        categories=held,
        counting_category=counting_category(categories=held, precedence=counties[record.short.county].precedence),
        episodes=await episodes.episodes_of(uow.connection, person_id, on=on, known_at=known_at),
    )
