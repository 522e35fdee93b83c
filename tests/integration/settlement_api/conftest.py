"""The settlement service behind its outside interface: a window to call it, a registry that tells it facts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.envelope import event_data, read_record, stored_headers, wire_headers
from common.kit.migrations import upgrade
from common.kit.testing import Server, bearer, client_of, verifier_for_tests
from common.kit.wake import plain_dsn
from common.published.base import PublishedEvent
from common.published.catalogue import BY_MODEL
from common.published.identity import EntitlementChanged, InsuranceChanged, PersonRegistered
from services.settlement import app
from services.settlement.adapters.policy_files import load_policies
from services.settlement.consumers import handlers
from services.settlement.domain.policy import CountyPolicy
from services.settlement.settings import Settings
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    PERSON_KEY,
    Amounts,
    Person,
    Row,
    a_person,
    a_stay,
    amounts_of,
)

_SEQUENCES = count(1)
# What only ever grows can be emptied only with its triggers off, which a service's own code never does.
_EMPTY = """
DO $$
DECLARE
    names text[] := ARRAY(SELECT relname FROM pg_stat_user_tables WHERE relname <> 'alembic_version');
    name text;
    is_filled boolean;
BEGIN
    FOREACH name IN ARRAY names LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', name);
    END LOOP;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('TRUNCATE %I RESTART IDENTITY CASCADE', name);
        END IF;
    END LOOP;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', name);
    END LOOP;
END $$
"""
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version' ORDER BY table_name
"""


async def hear(database: Database, event: PublishedEvent) -> None:
    """Let the service's own handler take an event, in a transaction as the worker gives it one."""
    line = BY_MODEL[type(event)]
    now = datetime(2015, 1, 1, tzinfo=UTC)
    headers = json.dumps(stored_headers(line, event, occurred_at=now, cause=Cause("registry")))
    received = read_record(wire_headers(headers, next(_SEQUENCES)), event_data(event))
    async with database.unit_of_work(received.cause) as uow:
        await handlers()[received.type](uow, received)


@dataclass(slots=True)
class Window:
    """The counter of a hospital, with the registry and the auditor beside it."""

    client: httpx.AsyncClient
    database: Database
    now: datetime = datetime(2017, 6, 1, 2, 0, tzinfo=UTC)
    bureau: dict[str, str] = field(default_factory=lambda: bearer("funds", client_id="bureau", county=BEIPIAO))
    _hospitals: dict[str, dict[str, str]] = field(default_factory=dict)

    def hospital(self, code: str) -> dict[str, str]:
        """Return the headers of a hospital's client."""
        if code not in self._hospitals:
            self._hospitals[code] = bearer("his", client_id=f"client-{code}", institution_code=code, county=BEIPIAO)
        return self._hospitals[code]

    async def post(
        self, path: str, body: Any, headers: Mapping[str, str], *, key: str | None = None, **extra: str
    ) -> httpx.Response:
        """Post with a fresh key unless one is given; an empty key sends none."""
        keyed = {"Idempotency-Key": uuid4().hex if key is None else key}
        sent = {**headers, **(keyed if key != "" else {}), **extra}
        return await self.client.post(path, json=body, headers=sent)

    async def discharge(self, stay: dict[str, Any], *, key: str | None = None, **extra: str) -> httpx.Response:
        """Make the main call as the hospital that the body names."""
        return await self.post("/v1/discharges", stay, self.hospital(stay["institution_code"]), key=key, **extra)

    async def preview(self, stay: dict[str, Any]) -> httpx.Response:
        """Ask what it would pay."""
        return await self.post("/v1/discharges/preview", stay, self.hospital(stay["institution_code"]), key="")

    async def settle(self, stay: dict[str, Any] | None = None) -> dict[str, Any]:
        """Settle a stay and return the answer."""
        answer = await self.discharge(stay or a_stay())
        assert answer.status_code == 201, answer.text
        settled: dict[str, Any] = answer.json()
        return settled

    async def pay(self, stay: dict[str, Any]) -> Amounts:
        """Settle a stay and return what it comes to."""
        return amounts_of(await self.settle(stay))

    async def reverse(
        self, settled: dict[str, Any], *, key: str | None = None, reason: str = "录入错误"
    ) -> httpx.Response:
        """Reverse a settlement as its hospital."""
        path = f"/v1/settlements/{settled['settlement_id']}/reversal"
        return await self.post(path, {"reason": reason}, self.hospital(settled["institution_code"]), key=key)

    async def get(self, path: str, headers: Mapping[str, str], **query: Any) -> httpx.Response:
        """Get a path."""
        return await self.client.get(path, headers=headers, params=query)

    async def tell(self, event: PublishedEvent) -> None:
        """Let the service hear a fact of the registry."""
        await hear(self.database, event)

    async def register(
        self, person: Person | None = None, *categories: str, county: str = BEIPIAO, since: str = "2015-01-01"
    ) -> Person:
        """Put a person on the published lists, insured in the rural cooperative scheme, and return the person."""
        person = person or a_person()
        await self.tell(PersonRegistered(county=county, person_id=person.person_id, name_check=person.name_check))
        for category in categories:
            await self.tell(an_entitlement(person, category, county=county, since=since, counting=categories[0]))
        await self.tell(an_insurance(person, county=county))
        return person

    async def sql(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]

    async def row_counts(self) -> dict[str, int]:
        """Return how many rows every table holds: what a refusal must leave as it was."""
        names = [row[0] for row in await self.sql(_TABLES)]
        one = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)  # noqa: S608 - the database's own names
        return {row[0]: row[1] for row in await self.sql(one)}

    async def pay_rows(self, rows: Sequence[Row], *, county: str) -> dict[str, Amounts]:
        """Settle every row's stay for a person of its own and return what each comes to."""
        paid = {}
        for order, row in enumerate(rows, start=1):
            person = await self.register(a_person(order), *row.categories, county=county)
            paid[row.name] = await self.pay(a_stay(person, county=county, **row.stay))
        return paid

    async def accumulated(self, person_id: UUID | str) -> dict[tuple[Any, ...], tuple[int, ...]]:
        """Return (year, account) -> what is accumulated, accounts at zero left out."""
        found = await self.sql(
            "SELECT year, account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator "
            "WHERE person_id = :person_id AND (base_fen, deductible_fen, paid_fen, stay_count) <> (0, 0, 0, 0)",
            person_id=UUID(str(person_id)),
        )
        return {row[:2]: row[2:] for row in found}


def an_entitlement(
    person: Person, category: str, *, county: str = BEIPIAO, since: str = "2015-01-01", **fields: Any
) -> EntitlementChanged:
    """Return the fact that a person holds a category from a day on."""
    usual = {
        "county": county,
        "person_id": person.person_id,
        "entitlement_id": uuid4(),
        "version": 1,
        "category": category,
        "counting_category": fields.pop("counting", category),
        "effective_from": date.fromisoformat(since),
        "effective_to": None,
        "authority": "poverty_relief",
        "list_date": date(2016, 9, 10),
        "known_since": datetime(2015, 1, 1, tzinfo=UTC),
    }
    return EntitlementChanged(**(usual | fields))


def an_insurance(person: Person, *, county: str = BEIPIAO, **fields: Any) -> InsuranceChanged:
    """Return the fact that a person is insured, or is not."""
    usual = {
        "county": county,
        "person_id": person.person_id,
        "scheme": "rural_cooperative",
        "state": "insured",
        "effective_from": date(2015, 1, 1),
    }
    return InsuranceChanged(**(usual | fields))


@pytest.fixture(scope="session")
def policies() -> Mapping[str, CountyPolicy]:
    """The counties' files as they ship, read once for the whole run: reading them is most of a start."""
    return load_policies()


@pytest.fixture(scope="session")
def emptied_address(postgres_server: Server) -> Iterator[str]:
    """The address of one migrated database for this folder: a hundred clones would be most of its time."""
    name = f"settlement_api_{uuid4().hex[:8]}"
    asyncio.run(postgres_server.run(f'CREATE DATABASE "{name}"'))
    upgrade("settlement", postgres_server.url_of(name))
    yield postgres_server.url_of(name)
    asyncio.run(postgres_server.run(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def window(
    emptied_address: str, policies: Mapping[str, CountyPolicy], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Window]:
    """The service on an empty database; its clock stands where the test puts it."""
    monkeypatch.setattr(app, "load_policies", lambda: policies)
    connection = await asyncpg.connect(plain_dsn(emptied_address))
    await connection.execute(_EMPTY)
    await connection.close()
    database = Database(emptied_address, pool_size=10)
    settings = Settings(
        database_url=SecretStr(database.url),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(range(32, 64)).hex()),
        cursor_key=SecretStr(bytes(32).hex()),
    )
    held: list[Window] = []
    service = app.create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(service) as client:
        held.append(Window(client, database))
        yield held[0]
