"""What a person was already paid and charged this year, before the county went live here (期初余额).

Once per person, county and year; a correction takes the old figures back by a mirrored row and adds the new ones.
Room: use cases of settlement. Next hop: services/settlement/adapters/openings.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from common.core.citizen_number import CitizenNumber, name_check_of, person_id_of
from common.core.errors import Conflict, Refused
from common.core.ids import PersonId, named_id
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import accumulators, openings, persons
from services.settlement.adapters.openings import OpeningRow, StandingOpening
from services.settlement.domain.accumulator import Balances, mirrored_changes, moved
from services.settlement.domain.policy import CountyPolicy, PolicyNotInForce, policy_of
from services.settlement.domain.receipt import balances_as_told
from services.settlement.domain.replay import balances_from
from services.settlement.usecases.assess_discharge import Rules


class OpeningExists(Conflict):
    """The person's year has its opening; a correction names it in `replaces`."""

    code = "opening_exists"
    zh = "该人员本年度期初余额已登记；更正请在 replaces 中写明原登记编号"


class OpeningNotStanding(Conflict):
    """The opening to be replaced is not the one that counts for this person, county and year."""

    code = "opening_not_standing"
    zh = "要更正的期初余额不是该人员本年度现行的登记"


class AccountUnknown(Refused):
    """No version of the county's policy counts on that account in that year."""

    code = "account_unknown"
    zh = "该县该年度政策没有此累计账户"


class NameNotMatching(Refused):
    """The name is not that of the number, so whose balances these are is open."""

    code = "name_not_matching"
    zh = "姓名与身份证号登记不符"


@dataclass(frozen=True, slots=True)
class Opening:
    """Figures of one person's year as a bureau states them.

    Attributes:
        source: Where they come from.
        changes: Account -> what was used up and paid so far.
        replaces: The opening that was wrong; None for the first.
    """

    number: CitizenNumber
    name: str
    county: str
    year: int
    source: str
    changes: Balances
    replaces: UUID | None


@dataclass(frozen=True, slots=True)
class Booked:
    """The opening as booked."""

    opening_id: UUID
    person_id: UUID
    attempt: int


async def book_opening(uow: UnitOfWork, *, opening: Opening, rules: Rules, client_id: str, now: datetime) -> Booked:
    """Book a person's opening balances, or correct them.

    Raises:
        CountyUnknown: If the county has no policy file.
        PolicyNotInForce: If no version of it meets the year.
        AccountUnknown: If a layer names an account that the year's policy does not have.
        NameNotMatching: If the registry knows the number under another name.
        OpeningExists: If the year has its opening and the call replaces none.
        OpeningNotStanding: If the call replaces another than the one that counts.
    """
    connection, county, year = uow.connection, opening.county, opening.year
    accounts = _accounts(policy_of(policies=rules.policies, county=county), opening)
    person_id = await _person(uow, opening, rules, china_date(now))
    await accumulators.lock_balances(connection, person_id=person_id, county=county, year=year, accounts=accounts)
    standing = await openings.standing(connection, person_id=person_id, county=county, year=year)
    _check_standing(standing, opening.replaces)
    row = _row(opening, person_id, standing.attempt + 1 if standing else 1, client_id, now)
    changes = opening.changes
    if standing is not None:
        mirror = mirrored_changes(changes=balances_from(told=standing.changes))
        await openings.add(connection, _mirror(row, standing, mirror))
        changes = moved(before=mirror, changes=changes)
    await openings.add(connection, row)
    await accumulators.move_balances(connection, person_id=person_id, county=county, year=year, changes=changes)
    return Booked(row.opening_id, person_id, row.attempt)


def _accounts(policy: CountyPolicy, opening: Opening) -> tuple[str, ...]:
    """Return all accounts that the versions of the year count on; locking all of them lets openings queue."""
    first, last = date(opening.year, 1, 1), date(opening.year, 12, 31)
    begun = [each for each in policy.versions if each.starts_on <= last]
    if not begun:
        raise PolicyNotInForce(f"county {policy.county} has no policy in {opening.year}", county=policy.county)
    before = [each for each in begun if each.starts_on <= first][:-1]
    known = {name for each in begun[len(before) :] for name in each.accounts}
    for name in sorted(opening.changes):
        if name not in known:
            raise AccountUnknown(f"no account {name} in {opening.year}", account=name, known=sorted(known))
    return tuple(sorted(known))


async def _person(uow: UnitOfWork, opening: Opening, rules: Rules, today: date) -> PersonId:
    own_id = person_id_of(opening.number, person_key=rules.person_key)
    known = await persons.known_person(uow.connection, person_id=own_id, county=opening.county, on=today, holding=True)
    if known is None:
        return own_id
    name_check = name_check_of(own_id, opening.name, person_key=rules.person_key)
    if known.name_check is not None and known.name_check != name_check:
        raise NameNotMatching("the registry knows this number under another name")
    return known.person_id


def _check_standing(standing: StandingOpening | None, replaces: UUID | None) -> None:
    standing_id = standing.opening_id if standing is not None else None
    if replaces is not None and replaces != standing_id:
        raise OpeningNotStanding("the opening to replace is not the one that counts", opening_id=standing_id)
    if replaces is None and standing_id is not None:
        raise OpeningExists("this person's year has its opening; name it in `replaces`", opening_id=standing_id)


def _row(opening: Opening, person_id: UUID, attempt: int, client_id: str, now: datetime) -> OpeningRow:
    return OpeningRow(
        opening_id=named_id("opening", person_id, opening.county, opening.year, attempt),
        person_id=person_id,
        county=opening.county,
        year=opening.year,
        attempt=attempt,
        mirror_of=None,
        source=opening.source,
        changes=balances_as_told(balances=opening.changes),
        booked_at=now,
        booked_by=client_id,
    )


def _mirror(row: OpeningRow, standing: StandingOpening, mirror: Balances) -> OpeningRow:
    return replace(
        row,
        opening_id=named_id("opening_mirror", standing.opening_id),
        attempt=standing.attempt,
        mirror_of=standing.opening_id,
        changes=balances_as_told(balances=mirror),
    )
