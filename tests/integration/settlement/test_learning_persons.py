"""What identity tells becomes settlement's picture of a person; an older statement never undoes a newer one."""

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.core.money import Money
from common.kit.cause import Cause
from common.published.contracts import ContractEnded
from common.published.identity import (
    EntitlementChanged,
    InsuranceChanged,
    NameCheckChanged,
    PersonEnded,
    PersonMerged,
    PersonMoved,
    PersonRegistered,
)
from services.settlement.adapters import accumulators
from services.settlement.adapters.persons import known_person
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.vocabulary import InsuranceState, Scheme
from services.settlement.usecases.learn_person import learn_person

COUNTY = "211381"
ON = date(2016, 9, 12)


def a_statement(person, *, entitlement=None, version=1, withdrawn=False, since=date(2016, 1, 1), to=None):
    return EntitlementChanged(
        county=COUNTY,
        person_id=person,
        entitlement_id=entitlement or uuid4(),
        version=version,
        category="registered_poor",
        counting_category="registered_poor",
        effective_from=since,
        effective_to=to,
        authority="poverty_relief",
        list_date=date(2016, 8, 10),
        known_since=datetime(2016, 8, 11, tzinfo=UTC),
        withdrawn=withdrawn,
    )


class TestLearnPerson:
    async def tell(self, database, *events) -> None:
        async with database.unit_of_work(Cause("c")) as uow:
            for event in events:
                await learn_person(uow, event=event, told_on=ON)

    async def known(self, database, person, on=ON):
        async with database.unit_of_work(Cause("c")) as uow:
            return await known_person(uow.connection, person_id=person, county=COUNTY, on=on)

    async def test_knows_nobody_before_anything_is_told(self, fresh_database):
        database = await fresh_database("settlement")

        assert await self.known(database, uuid4()) is None

    async def test_puts_together_what_each_fact_says(self, fresh_database):
        database, person = await fresh_database("settlement"), uuid4()

        await self.tell(
            database,
            PersonRegistered(county=COUNTY, person_id=person, name_check="old"),
            PersonMoved(county=COUNTY, person_id=person, township="211381102", moved_on=ON),
            NameCheckChanged(county=COUNTY, person_id=person, name_check="new", changed_on=ON),
            a_statement(person),
            InsuranceChanged(
                county=COUNTY, person_id=person, scheme="resident", state="insured", effective_from=date(2016, 1, 1)
            ),
            PersonEnded(county=COUNTY, person_id=person, ended_on=date(2017, 1, 1), reason_code="death"),
        )

        known = await self.known(database, person)
        assert (known.name_check, known.counting_category, known.end_reason) == ("new", "registered_poor", "death")
        assert [(each.name, each.list_date) for each in known.categories] == [("registered_poor", date(2016, 8, 10))]
        assert (known.insurance.scheme, known.insurance.state) == (Scheme.RESIDENT, InsuranceState.INSURED)

    async def test_counts_a_category_on_its_days_only(self, fresh_database):
        database, person = await fresh_database("settlement"), uuid4()
        await self.tell(
            database,
            PersonRegistered(county=COUNTY, person_id=person, name_check="n"),
            a_statement(person, since=ON, to=date(2016, 9, 13)),
        )

        assert [len((await self.known(database, person, date(2016, 9, day))).categories) for day in (11, 12, 13)] == [
            0,
            1,
            0,
        ]

    async def test_a_withdrawn_or_older_statement_gives_nothing_back(self, fresh_database):
        database, person, entitlement = await fresh_database("settlement"), uuid4(), uuid4()

        await self.tell(
            database,
            PersonRegistered(county=COUNTY, person_id=person, name_check="n"),
            a_statement(person, entitlement=entitlement, version=2, withdrawn=True),
            a_statement(person, entitlement=entitlement, version=1),
        )

        assert (await self.known(database, person)).categories == ()

    async def test_a_retired_id_leads_to_the_surviving_person(self, fresh_database):
        database, retired, surviving = await fresh_database("settlement"), uuid4(), uuid4()

        await self.tell(
            database,
            PersonRegistered(county=COUNTY, person_id=surviving, name_check="s"),
            a_statement(surviving),
            PersonMerged(
                county=COUNTY,
                person_id=retired,
                surviving_person_id=surviving,
                retired_person_id=retired,
                merged_on=ON,
            ),
        )

        known = await self.known(database, retired)
        assert (known.person_id, len(known.categories)) == (surviving, 1)

    async def test_hands_over_what_a_booking_under_way_at_the_merge_adds(self, fresh_database):
        database, surviving, retired = await fresh_database("settlement"), uuid4(), uuid4()
        await self.tell(database, a_statement(surviving), a_statement(retired))
        merged = PersonMerged(
            county=COUNTY,
            person_id=retired,
            surviving_person_id=surviving,
            retired_person_id=retired,
            merged_on=ON,
        )

        async with database.unit_of_work(Cause("counter")) as uow:
            held = await known_person(uow.connection, person_id=retired, county=COUNTY, on=ON, holding=True)
            merging = asyncio.create_task(self.tell(database, merged))
            await asyncio.sleep(0.3)
            place = {"person_id": held.person_id, "county": COUNTY, "year": 2016}
            await accumulators.lock_balances(uow.connection, accounts=["basic"], **place)
            await accumulators.move_balances(uow.connection, changes={"basic": Balance(Money(500))}, **place)
            was_waiting = not merging.done()
        await merging

        async with database.unit_of_work(Cause("c")) as uow:
            found = await accumulators.read_balances(uow.connection, person_id=surviving, county=COUNTY, year=2016)
        assert (held.person_id, was_waiting) == (retired, True)
        assert found == {"basic": Balance(Money(500))}

    async def test_refuses_a_fact_that_is_none_of_its_business(self, fresh_database):
        database = await fresh_database("settlement")
        event = ContractEnded(
            county=COUNTY, contract_id=uuid4(), person_id=uuid4(), team_id=uuid4(), ended_on=ON, reason_code="x"
        )

        with pytest.raises(TypeError, match="not heard"):
            await self.tell(database, event)
