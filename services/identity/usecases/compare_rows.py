"""Compares one slice of a list with the archives: every row gets its verdict, and every archive its new state.

Staging asks for the verdicts, publishing writes what comes out; nothing is written here.
Room: use cases of identity. Next hop: services/identity/domain/decision.py
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.core.citizen_number import CitizenNumber, name_check_of, person_id_of
from common.core.ids import HouseholdId, PersonId
from common.kit.db import UnitOfWork
from services.identity.adapters import households, persons
from services.identity.adapters.sealing import Keys
from services.identity.domain.archive import ArchivedPerson
from services.identity.domain.county import CountyRules
from services.identity.domain.decision import NamedRow, Verdict, decide
from services.identity.domain.entitlement import Statement
from services.identity.domain.household import NumberedMembers, resolve_households
from services.identity.domain.roster import RosterRow, RosterTerms
from services.identity.domain.staging import JudgedRow


@dataclass(slots=True)
class Comparison:
    """What one slice would do.

    Attributes:
        judged: Every row with its verdict.
        before: The archives as found, empty ones for persons nobody knew.
        after: The archives with all good rows applied.
        statements: New statements about categories, each with its row's number.
        sources: Row that named each person last, and the person's number.
        households: Household number -> household.
    """

    judged: list[JudgedRow] = field(default_factory=list)
    before: dict[PersonId, ArchivedPerson] = field(default_factory=dict)
    after: dict[PersonId, ArchivedPerson] = field(default_factory=dict)
    statements: list[tuple[Statement, int]] = field(default_factory=list)
    sources: dict[PersonId, tuple[CitizenNumber, int]] = field(default_factory=dict)
    households: dict[str, HouseholdId] = field(default_factory=dict)


async def compare_rows(
    uow: UnitOfWork,
    *,
    rows: Sequence[RosterRow],
    terms: RosterTerms,
    rules: CountyRules,
    keys: Keys,
    now: datetime,
    lock: bool,
) -> Comparison:
    """Return what the rows would change; rows that already have reasons against them stay rejected."""
    ids = {row.row_no: person_id_of(row.number, person_key=keys.person_key) for row in rows if row.number}
    good = [row for row in rows if not row.reasons]
    wanted = {ids[row.row_no] for row in good}
    found = await persons.archives_of(uow.connection, keys.seal, wanted, as_of=terms.as_of, lock=lock)
    result = Comparison(before={each: found.get(each, ArchivedPerson(each, terms.county)) for each in wanted})
    result.after = dict(result.before)
    result.households = await _households(uow, good, ids, terms, result.before)
    for row in rows:
        person_id = ids.get(row.row_no)
        if row.reasons or row.number is None or person_id is None:
            result.judged.append(JudgedRow(row, person_id, Verdict.REJECTED, row.reasons))
        else:
            _judge(result, row, row.number, person_id, terms, rules, keys, now)
    return result


async def _households(
    uow: UnitOfWork,
    rows: Sequence[RosterRow],
    ids: dict[int, PersonId],
    terms: RosterTerms,
    before: dict[PersonId, ArchivedPerson],
) -> dict[str, HouseholdId]:
    members: dict[str, list[PersonId]] = defaultdict(list)
    for row in rows:
        members[row.household_no].append(ids[row.row_no])
    lived_in = {
        person_id: archive.place.household_id for person_id, archive in before.items() if archive.place.household_id
    }
    return resolve_households(
        numbered=[NumberedMembers(number, tuple(person_ids)) for number, person_ids in members.items()],
        known=await households.numbers_known(uow.connection, terms, members),
        lived_in=lived_in,
        claimed=await households.claimed_by_source(uow.connection, terms, set(lived_in.values())),
        county=terms.county,
        source=terms.source,
    )


def _judge(
    result: Comparison,
    row: RosterRow,
    number: CitizenNumber,
    person_id: PersonId,
    terms: RosterTerms,
    rules: CountyRules,
    keys: Keys,
    now: datetime,
) -> None:
    named = NamedRow(
        row=row,
        person_id=person_id,
        name_check=name_check_of(person_id, row.name, person_key=keys.person_key),
        household_id=result.households[row.household_no],
    )
    decision = decide(
        named=named,
        before=result.after[person_id],
        terms=terms,
        household_register=rules.household_register,
        now=now,
    )
    result.after[person_id] = decision.after
    result.sources[person_id] = (number, row.row_no)
    result.judged.append(JudgedRow(row, person_id, decision.verdict, decision.reasons))
    if decision.statement is not None:
        result.statements.append((decision.statement, row.row_no))
