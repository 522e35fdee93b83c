"""skeleton on real PostgreSQL: an event comes in, a bureau reads what it led to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from common.core.ids import PersonId
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.db import Database
from common.kit.envelope import EnvelopeUnreadable, Received
from common.kit.http import build_app
from common.kit.settings import ServiceSettings
from common.kit.testing import FreshDatabase, bearer, client_of, verifier_for_tests
from common.published.identity import PersonRegistered
from common.published.settlement import DischargeSettled
from services._skeleton.api import stays
from services._skeleton.consumers import handlers
from services._skeleton.usecases.record_stay import record_stay

COUNTY = "211381"
NOW = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
TYPE = "settlement.discharge_settled.v1"


def a_discharge(person_id: UUID, settlement_id: UUID, discharged_on: date) -> DischargeSettled:
    return DischargeSettled(
        county=COUNTY,
        settlement_id=settlement_id,
        discharge_id=uuid4(),
        attempt=1,
        person_id=person_id,
        institution_code="H21138100001",
        visit_type="inpatient",
        referral_kind="none",
        admitted_on=date(2016, 9, 1),
        discharged_on=discharged_on,
        diagnoses=["I63.9"],
        total_fen=100,
        own_expense_fen=0,
        over_limit_fen=0,
        first_self_pay_fen=0,
        in_scope_fen=100,
        layers=[],
        hospital_borne_fen=0,
        patient_pays_fen=100,
        benefit_class="ordinary",
        identity_open=False,
        policy_digest="sha256:0",
    )


async def hear(database: Database, told: DischargeSettled) -> None:
    data = told.model_dump_json().encode()
    received = Received(uuid4(), TYPE, "settlement", str(told.person_id), 1, NOW, Cause("test"), {}, data)
    async with database.unit_of_work(received.cause) as uow:
        await handlers()[TYPE](uow, received)


class TestStays:
    async def test_are_counted_once_each_and_read_by_their_county_only(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database("_skeleton")
        person_id, settlement_id = PersonId(uuid4()), uuid4()
        app = build_app(
            name="skeleton",
            database=database,
            verifier=verifier_for_tests(),
            clock=utc_now,
            routers=[stays.router],
            settings=ServiceSettings(database_url=SecretStr(database.url)),
        )

        for stay_id, day in ((settlement_id, 12), (settlement_id, 12), (uuid4(), 20)):
            await hear(database, a_discharge(person_id, stay_id, date(2016, 9, day)))

        path = f"/v1/skeleton/persons/{person_id}/stays"
        async with client_of(app) as client:
            own = await client.get(path, headers=bearer("identity:read", county=COUNTY))
            foreign = await client.get(path, headers=bearer("identity:read", county="522632"))
            unbound = await client.get(path, headers=bearer("identity:read"))
        assert own.json() == {"person_id": str(person_id), "stay_count": 2, "last_discharged_on": "2016-09-20"}
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
        assert (unbound.status_code, unbound.json()["code"]) == (403, "not_yours")

    async def test_refuse_an_event_that_is_not_a_settled_discharge(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database("_skeleton")
        told = PersonRegistered(county=COUNTY, person_id=uuid4())
        data = told.model_dump_json().encode()
        other = Received(
            uuid4(), "identity.person_registered.v1", "identity", str(told.person_id), 1, NOW, Cause("test"), {}, data
        )

        async with database.unit_of_work(other.cause) as uow:
            with pytest.raises(EnvelopeUnreadable, match="is not a settled discharge"):
                await record_stay(uow, other)
