"""Applies the next slice of a list being published: archives, categories, households, events, all or nothing.

A list of any size goes in slices of whole households, each in its own transaction; what is applied is never applied
again. The rows are compared anew, because another list may have come between.
Room: use cases of identity. Next hop: services/identity/usecases/tell_changes.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.core.ids import HouseholdId, RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import end_proposals, households, persons, rosters, verification
from services.identity.adapters.sealing import Keys
from services.identity.domain.conflicts import LARGEST_HOUSEHOLD
from services.identity.domain.county import CountyRules
from services.identity.domain.household import HouseholdChange, Seat, household_changes, seat_of
from services.identity.domain.roster import FULL
from services.identity.domain.staging import PUBLISHED, PUBLISHING, Roster, whole_households
from services.identity.usecases.compare_rows import Comparison, compare_rows
from services.identity.usecases.tell_changes import tell_changes

SLICE_ROWS = 1_000


async def apply_roster_slice(
    uow: UnitOfWork,
    *,
    roster_id: RosterId,
    counties: Mapping[str, CountyRules],
    keys: Keys,
    now: datetime,
    slice_rows: int = SLICE_ROWS,
) -> bool:
    """Apply one slice and return whether more are left; a list that is not being published has none.

    Raises:
        RosterUnknown: If there is no such list.
    """
    listed = await rosters.roster_of(uow.connection, roster_id, lock=True)
    if listed.state != PUBLISHING:
        return False
    rules = counties[listed.terms.county]
    await rosters.lock_archives(uow.connection, listed.terms.county)
    waiting = await rosters.waiting_rows(uow.connection, keys.seal, listed, limit=slice_rows)
    rows = next(whole_households(rows=waiting, at_least=slice_rows), [])
    compared = await compare_rows(uow, rows=rows, terms=listed.terms, rules=rules, keys=keys, now=now, lock=True)
    changes, seats = await _write(uow, listed, compared, keys, now)
    tell_changes(uow, listed=listed, compared=compared, changes=changes, seats=seats, rules=rules, now=now)
    if len(rows) < len(waiting) or len(waiting) == slice_rows + LARGEST_HOUSEHOLD:
        return True
    if listed.terms.kind == FULL:
        await end_proposals.propose_ends(uow.connection, listed, now=now)
    await rosters.set_state(uow.connection, roster_id, PUBLISHED)
    return False


async def _write(
    uow: UnitOfWork, listed: Roster, compared: Comparison, keys: Keys, now: datetime
) -> tuple[list[HouseholdChange], dict[HouseholdId, Seat]]:
    """Store what the comparison found; return the household changes and where each household now sits."""
    connection = uow.connection
    changed = [each for _, each in sorted(compared.after.items()) if each != compared.before[each.person_id]]
    written = [
        persons.Written(each, *compared.sources[each.person_id])
        for each in changed
        if each.version != compared.before[each.person_id].version
    ]
    await households.save_numbers(connection, listed.terms, compared.households, now=now)
    await persons.save_archives(connection, keys, written, listed=listed, now=now)
    await persons.save_entitlements(connection, compared.statements, roster_id=listed.roster_id)
    await end_proposals.lapse_proposals(connection, [each.entitlement_id for each, _ in compared.statements])
    registered = [each.person_id for each in changed if not compared.before[each.person_id].is_registered]
    await verification.close_for_registered(connection, registered)
    await rosters.mark_judged(connection, listed.roster_id, compared.judged, is_applied=True)
    changes = household_changes(before=compared.before, after=compared.after)
    members = await households.members_of(connection, [each.household_id for each in changes])
    seats = {each.household_id: seat_of(members=members[each.household_id]) for each in changes}
    await households.save_seats(connection, seats)
    return changes, seats
