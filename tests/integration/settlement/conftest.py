"""The settlement service on a fresh database with a clock that tests move, its callers and the registry's facts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from common.core.citizen_number import CitizenNumber, check_character, name_check_of, person_id_of
from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.testing import FreshDatabase, bearer, client_of, verifier_for_tests
from common.published.identity import EntitlementChanged, InsuranceChanged, PersonEnded, PersonRegistered
from services.settlement import app, books
from services.settlement.adapters import persons
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.policy import CountyPolicy
from services.settlement.settings import Settings

COUNTY, ELSEWHERE = "211381", "522632"
HOSPITAL, OTHER_HOSPITAL, FAR_HOSPITAL = "H21138100001", "H21138100002", "H52263200001"
NUMBER, NAME = "211381196503150011", "王某某"
PERSON_KEY = bytes(32)
BILL = {
    "total_fen": 5_200_000,
    "own_expense_fen": 150_000,
    "over_limit_fen": 0,
    "first_self_pay_fen": 50_000,
    "in_scope_fen": 5_000_000,
}


def a_number(order: int) -> str:
    """Return a valid citizen number of somebody of that order."""
    seventeen = f"21138119700101{order:03d}"
    return seventeen + check_character(seventeen)


def person_of(number: str = NUMBER) -> UUID:
    """Return the person id of a citizen number under the test's key."""
    return person_id_of(CitizenNumber(number), person_key=PERSON_KEY)


@dataclass(slots=True)
class Counter:
    """The running service as a test holds it."""

    client: httpx.AsyncClient
    database: Database
    now: datetime = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
    hospital: dict[str, str] = field(
        default_factory=lambda: bearer("his", client_id="h1", institution_code=HOSPITAL, county=COUNTY)
    )
    other_hospital: dict[str, str] = field(
        default_factory=lambda: bearer("his", client_id="h2", institution_code=OTHER_HOSPITAL, county=COUNTY)
    )
    bureau: dict[str, str] = field(default_factory=lambda: bearer("funds", client_id="b1", county=COUNTY))
    other_bureau: dict[str, str] = field(default_factory=lambda: bearer("funds", client_id="b2", county=ELSEWHERE))

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        """Get a path, as the hospital unless told otherwise."""
        return await self.client.get(path, params=query, headers=headers or self.hospital)

    async def post(
        self, path: str, headers: dict[str, str] | None = None, *, key: str | None = None, **body: Any
    ) -> httpx.Response:
        """Post a body with a key of its own, as the hospital unless told otherwise."""
        keyed = {**(headers or self.hospital), "Idempotency-Key": key or uuid4().hex}
        return await self.client.post(path, json=body, headers=keyed)

    async def settle(
        self, record_no: str = "R1", headers: dict[str, str] | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Settle a discharge and return the answer; keywords replace the usual fields."""
        answer = await self.post("/v1/discharges", headers, **a_discharge(record_no, **fields))
        assert answer.status_code == 201, answer.text
        settled: dict[str, Any] = answer.json()
        return settled

    async def reverse(self, settled: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Reverse a settlement."""
        answer = await self.post(f"/v1/settlements/{settled['settlement_id']}/reversal", headers, reason="录错")
        assert answer.status_code == 201, answer.text

    async def hold(
        self, category: str = "registered_poor", number: str = NUMBER, name: str = NAME, county: str = COUNTY
    ) -> None:
        """Let the registry know a person who holds a category since 2016."""
        person_id = person_of(number)
        check = name_check_of(person_id_of(CitizenNumber(number), person_key=PERSON_KEY), name, person_key=PERSON_KEY)
        async with self.database.unit_of_work(Cause("test")) as uow:
            known = PersonRegistered(county=county, person_id=person_id, township="211381101", name_check=check)
            await persons.register(uow.connection, known)
            await persons.categorise(
                uow.connection,
                EntitlementChanged(
                    county=county,
                    entitlement_id=uuid4(),
                    person_id=person_id,
                    version=1,
                    category=category,
                    effective_from=date(2016, 1, 1),
                    effective_to=None,
                    authority="poverty_relief",
                    list_date=date(2016, 9, 10),
                    known_since=datetime(2016, 9, 10, tzinfo=UTC),
                    withdrawn=False,
                    counting_category=category,
                ),
            )
            await self._insure(uow.connection, person_id, "insured", county=county)

    async def insure(self, state: str, number: str = NUMBER) -> None:
        """Let the registry tell a newer state of a person's insurance."""
        async with self.database.unit_of_work(Cause("test")) as uow:
            await self._insure(uow.connection, person_of(number), state, version=2)

    async def die(self, on: date, number: str = NUMBER) -> None:
        """Let the registry know that a person died."""
        async with self.database.unit_of_work(Cause("test")) as uow:
            ended = PersonEnded(county=COUNTY, person_id=person_of(number), ended_on=on, reason_code="death")
            await persons.end(uow.connection, ended)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query))]

    @staticmethod
    async def _insure(connection: Any, person_id: UUID, state: str, version: int = 1, county: str = COUNTY) -> None:
        told = InsuranceChanged(
            county=county,
            person_id=person_id,
            version=version,
            scheme="rural_cooperative",
            state=state,
            effective_from=date(2016, 1, 1),
            effective_to=None,
        )
        await persons.insure(connection, told)


def a_discharge(record_no: str = "R1", **fields: Any) -> dict[str, Any]:
    """Return the body of the main call; keywords replace the usual fields."""
    usual: dict[str, Any] = {
        "record_no": record_no,
        "institution_code": HOSPITAL,
        "county": COUNTY,
        "patient": {"citizen_id": NUMBER, "name": NAME},
        "visit_type": "inpatient",
        "admitted_on": "2016-09-01",
        "discharged_on": "2016-09-12",
        "referral": {"kind": "none"},
        "diagnoses": [{"icd10": "I63.9", "main": True}],
        "bill": BILL,
    }
    return usual | fields


@pytest.fixture(scope="session")
def policies() -> Mapping[str, CountyPolicy]:
    """The counties' files as they ship, read once for the whole run: reading them is most of a start."""
    return load_policies()


@pytest.fixture
async def counter(
    fresh_database: FreshDatabase, policies: Mapping[str, CountyPolicy], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Counter]:
    """The service on a database of its own, on a morning of 2016."""
    for module in (app, books):
        monkeypatch.setattr(module, "load_policies", lambda: policies)
    database = await fresh_database("settlement")
    settings = Settings(
        database_url=SecretStr(database.url),
        cursor_key=SecretStr(bytes(32).hex()),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(32).hex()),
    )
    held: list[Counter] = []
    service = app.create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(service) as client:
        held.append(Counter(client, database))
        yield held[0]


@pytest.fixture
async def settled(counter: Counter) -> list[dict[str, Any]]:
    """Three stays of September; it is October now."""
    await counter.hold()
    answers = [await counter.settle(record) for record in ("R1", "R2", "R3")]
    counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)
    return answers
