"""Proposals to end a category: somebody on the last lists is missing from a full one.

A list never ends anything by itself; a later list that names the person again lets the proposal lapse.
Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import RosterId
from services.identity.adapters.persons import among
from services.identity.adapters.tables import end_proposal
from services.identity.domain.staging import Roster

_PROPOSE = text(
    """
    INSERT INTO end_proposal (entitlement_id, roster_id, person_id, category, proposed_at, state)
    SELECT latest.entitlement_id, :roster_id, latest.person_id, latest.category, :now, 'open'
    FROM (
        SELECT DISTINCT ON (entitlement_id) * FROM entitlement_statement
        WHERE county = :county AND source = :source ORDER BY entitlement_id, version DESC
    ) AS latest
    WHERE NOT latest.withdrawn AND latest.effective_to IS NULL AND latest.list_date <= :as_of
      AND NOT EXISTS (
        SELECT FROM roster_row AS named
        WHERE named.roster_id = :roster_id AND named.person_id = latest.person_id
          AND COALESCE(named.category, latest.category) = latest.category
      )
      AND NOT EXISTS (
        SELECT FROM end_proposal AS earlier
        WHERE earlier.entitlement_id = latest.entitlement_id AND earlier.state = 'open'
      )
    """
)


async def propose_ends(connection: AsyncConnection, listed: Roster, *, now: datetime) -> None:
    """Propose to end every running category of the list's source whose person the full list does not name."""
    terms = listed.terms
    await connection.execute(
        _PROPOSE,
        {
            "roster_id": listed.roster_id,
            "county": terms.county,
            "source": terms.source,
            "as_of": terms.as_of,
            "now": now,
        },
    )


async def lapse_proposals(connection: AsyncConnection, entitlement_ids: Collection[UUID]) -> None:
    """Let the open proposals about these categories lapse: a list named the person again."""
    table = end_proposal
    await connection.execute(
        update(table)
        .where(among(table.c.entitlement_id, entitlement_ids), table.c.state == "open")
        .values(state="lapsed")
    )


async def proposals_page(
    connection: AsyncConnection, roster_id: RosterId, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Return one page of a list's proposals."""
    query = select(end_proposal).where(end_proposal.c.roster_id == roster_id)
    if after is not None:
        query = query.where(end_proposal.c.entitlement_id > after)
    return (await connection.execute(query.order_by(end_proposal.c.entitlement_id).limit(limit))).all()
