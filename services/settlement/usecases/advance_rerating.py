"""The oldest re-rating goes one step on: persons listed, or one person's approved differences booked (追溯重算推进).

A step is one transaction; what was interrupted goes on where it stood. Room: use cases of settlement.
Next hop: services/settlement/usecases/rate_persons.py
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from common.core.ids import named_id
from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.settlement import LayerPaid, SupplementBooked
from services.settlement.adapters import accumulators, corrections, persons, reratings, settlements
from services.settlement.adapters.locks import hold
from services.settlement.adapters.reratings import Rerating, ReratingLine
from services.settlement.domain.chart import Chart
from services.settlement.domain.earmark import Earmark, changed, earmarks_of
from services.settlement.domain.rerating import BOOKABLE, Difference, correction_entry
from services.settlement.usecases.book_relief import follow_correction
from services.settlement.usecases.draw_family_account import cut_draw
from services.settlement.usecases.rate_persons import Rating, rate_persons

PERSONS_A_STEP = 50


async def advance_rerating(uow: UnitOfWork, *, rating_of: Callable[[str], Rating], now: datetime) -> bool:
    """Do the next step of the oldest case that has one; say whether there was any.

    Args:
        uow: Open unit of work.
        rating_of: County -> what re-rating needs there.
        now: When what is booked is booked.
    """
    case = await reratings.due(uow.connection)
    if case is None:
        return False
    rating = rating_of(case.county)
    if case.state == "listing":
        await _list(uow, case, rating)
    else:
        await _book(uow, case, rating, now)
    return True


async def _list(uow: UnitOfWork, case: Rerating, rating: Rating) -> None:
    person_ids = await reratings.persons_between(
        uow.connection,
        county=case.county,
        first=case.discharged_from,
        last=case.discharged_to,
        person_id=case.person_id,
        after=case.reached,
        limit=PERSONS_A_STEP,
    )
    rated = await rate_persons(uow, case=case, person_ids=person_ids, rating=rating)
    for each in rated:
        await reratings.list_person(uow.connection, case.rerating_id, each.person_id, each.found)
    is_last = len(person_ids) < PERSONS_A_STEP
    await reratings.step(
        uow.connection,
        case,
        state="proposed" if is_last else "listing",
        reached=None if is_last else person_ids[-1],
        stays=sum(each.stays for each in rated),
    )


async def _book(uow: UnitOfWork, case: Rerating, rating: Rating, now: datetime) -> None:
    """Book a person's lines as they were approved; where one would be another by now, none is booked."""
    person_id = await reratings.person_to_book(uow.connection, case)
    if person_id is None:
        await reratings.step(uow.connection, case, state="booked", reached=None, stays=0)
        return
    listed = await reratings.lines_of(uow.connection, case.rerating_id, person_id=person_id)
    surviving = await _hold(uow, case, person_id, {line.year for line in listed})
    rated = await rate_persons(uow, case=case, person_ids=[person_id], rating=rating)
    found = [difference for each in rated for difference in each.found]
    results: dict[str, list[UUID]] = {}
    if _is_as_listed(listed, found):
        for difference in found:
            is_booked = difference.outcome in BOOKABLE
            if is_booked:
                moved = await _earmarks(uow, difference, rating.rules.charts.get(case.county))
                correction_no = await _correct(uow, case, person_id, difference, moved, now)
                await _move_accounts(uow, case, surviving, difference, correction_no)
            results.setdefault("booked" if is_booked else "let_go", []).append(difference.standing.settlement_id)
    else:
        results["outdated"] = [line.settlement_id for line in listed]
    for result, settlement_ids in results.items():
        await reratings.note_result(uow.connection, case.rerating_id, settlement_ids, result)


async def _hold(uow: UnitOfWork, case: Rerating, person_id: UUID, years: set[int]) -> UUID:
    """Keep a person's stays from being reversed and their years' accounts from moving until the commit.

    Returns:
        The id under which the accounts stand.
    """
    await hold(uow.connection, "person", str(person_id))
    surviving = await persons.surviving_of(uow.connection, person_id)
    for year in sorted(years):
        await accumulators.hold_year(uow.connection, person_id=surviving, county=case.county, year=year)
    return surviving


def _is_as_listed(listed: list[ReratingLine], found: list[Difference]) -> bool:
    was = [
        (each.settlement_id, each.outcome, list(each.layers), each.hospital_borne_fen, each.patient_fen)
        for each in listed
    ]
    now = [
        (
            each.standing.settlement_id,
            each.outcome.value,
            reratings.layers_of(each),
            each.hospital_borne.fen,
            each.patient.fen,
        )
        for each in found
    ]
    return was == now


async def _earmarks(uow: UnitOfWork, difference: Difference, chart: Chart | None) -> tuple[Earmark, ...]:
    """Return what the correction moves between funds and their sub-ledgers."""
    old = await settlements.earmarks_of(uow.connection, difference.standing.settlement_id)
    new: tuple[Earmark, ...] = ()
    if chart is not None:
        judgement = difference.judgement
        new = earmarks_of(
            chart=chart,
            version=judgement.version,
            stay=difference.stay,
            bill=difference.standing.first.bill,
            before=difference.before,
            chosen=judgement.chosen,
        )
    return changed(old=old, new=new)


async def _correct(
    uow: UnitOfWork,
    case: Rerating,
    person_id: UUID,
    difference: Difference,
    earmarks: tuple[Earmark, ...],
    now: datetime,
) -> int:
    """Write a correction beside its settlement, its entry and its event; return its number."""
    connection, standing = uow.connection, difference.standing
    ordinal = len(standing.corrections) + 1
    correction_no = await corrections.add(
        connection, difference, ordinal=ordinal, rerating_id=case.rerating_id, booked_at=now
    )
    kind = f"correction_{ordinal}"
    entry_id = named_id("journal_entry", standing.settlement_id, kind)
    entry = correction_entry(entry_id=entry_id, kind=kind, difference=difference, earmarks=earmarks)
    await settlements.enter(connection, entry, settlement_id=standing.settlement_id, booked_at=now)
    if difference.layers or difference.patient:
        uow.publish(_told(case, person_id, difference, ordinal, now), occurred_at=now)
    await follow_correction(
        uow, county=case.county, person_id=person_id, difference=difference, ordinal=ordinal, now=now
    )
    share = Money(difference.answer["patient_pays_fen"])
    await cut_draw(uow, settlement_id=standing.settlement_id, share=share, ordinal=ordinal, now=now)
    return correction_no


async def _move_accounts(
    uow: UnitOfWork, case: Rerating, surviving: UUID, difference: Difference, correction_no: int
) -> None:
    """Add what a correction changes; an account that the year had not met yet is made first."""
    county, year, changes = case.county, difference.standing.year, difference.changes
    await accumulators.lock_balances(
        uow.connection, person_id=surviving, county=county, year=year, accounts=list(changes)
    )
    await accumulators.move_balances(
        uow.connection, person_id=surviving, county=county, year=year, changes=changes, corrected_by=correction_no
    )


def _told(case: Rerating, person_id: UUID, difference: Difference, ordinal: int, now: datetime) -> SupplementBooked:
    settlement_id = difference.standing.settlement_id
    return SupplementBooked(
        county=case.county,
        supplement_id=named_id("correction", settlement_id, ordinal),
        settlement_id=settlement_id,
        person_id=person_id,
        booked_on=china_date(now),
        layers=[LayerPaid(layer=each.layer, fund=each.fund, paid_fen=each.amount.fen) for each in difference.layers],
        patient_pays_fen=difference.patient.fen,
        reason_code=case.cause,
    )
