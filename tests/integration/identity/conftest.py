"""The identity app on a fresh database with a clock that tests move, and lists in the bureaus' shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from common.core.citizen_number import check_character, parse_citizen_number, person_id_of
from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.testing import FreshDatabase, bearer, client_of, verifier_for_tests
from services.identity.adapters.county_files import load_counties
from services.identity.app import create_app
from services.identity.settings import Settings

COUNTY = "211381"
TOWNSHIP = "211381103"
HEADER = "户编号,姓名,身份证号,与户主关系,镇街,村,电话,识别日期"
PERSON_KEY = bytes(range(32))


def a_number(order: int = 1, *, born: str = "19650315", county: str = COUNTY) -> str:
    """Return a citizen number with a valid check."""
    seventeen = f"{county}{born}{order:03d}"
    return seventeen + check_character(seventeen)


def a_row(
    order: int = 1,
    *,
    household: str = "A1",
    name: str = "王某",
    number: str | None = None,
    relation: str = "户主",
    township: str = "大板镇",
    village: str = "大板村",
    phone: str = "13900000001",
    recognised: str = "2016-01-05",
    identity: str | None = None,
) -> str:
    """Return one line of a list."""
    cells = [household, name, number or a_number(order), relation, township, village, phone, recognised]
    return ",".join(cells if identity is None else [*cells, identity])


def a_list(*rows: str, header: str = HEADER) -> bytes:
    """Return a CSV of the poverty-relief bureau."""
    return "\n".join([header, *rows]).encode()


def a_civil_list(*rows: str) -> bytes:
    """Return a CSV of civil affairs."""
    return a_list(*rows, header=f"{HEADER},救助身份")


def id_of(order: int = 1) -> str:
    """Return the id of the person with `a_number(order)`."""
    number = parse_citizen_number(a_number(order), today=date(2030, 1, 1))
    return str(person_id_of(number, person_key=PERSON_KEY))


@dataclass(slots=True)
class Identity:
    """The running service as a test holds it."""

    client: httpx.AsyncClient
    database: Database
    settings: Settings
    now: datetime = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
    write: dict[str, str] = field(default_factory=lambda: bearer("identity:write", county=COUNTY))
    read: dict[str, str] = field(default_factory=lambda: bearer("identity:read", county=COUNTY))
    counties: Any = field(default_factory=load_counties)

    def clock(self) -> datetime:
        """Return the instant the test set."""
        return self.now

    async def send(self, content: bytes, **terms: Any) -> httpx.Response:
        """Post a list; keywords replace the usual terms, `headers` the caller."""
        headers = terms.pop("headers", self.write)
        form = {"source": "poverty_relief", "kind": "full", "county": COUNTY, "as_of": "2016-09-10", **terms}
        wanted = {name: value for name, value in form.items() if value is not None}
        return await self.client.post(
            "/v1/rosters", data=wanted, files={"file": ("list.csv", content)}, headers=headers
        )

    async def publish(self, roster_id: str) -> dict[str, Any]:
        """Publish a list and return the report."""
        answer = await self.client.post(f"/v1/rosters/{roster_id}/publish", headers=self.write)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def take(self, content: bytes, **terms: Any) -> dict[str, Any]:
        """Send a list and publish it."""
        answer = await self.send(content, **terms)
        assert answer.status_code == 202, answer.text
        return await self.publish(answer.json()["roster_id"])

    async def rows(self, roster_id: str, **query: Any) -> list[dict[str, Any]]:
        """Return a list's rows."""
        answer = await self.client.get(f"/v1/rosters/{roster_id}/rows", params=query, headers=self.write)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def archive(self, person_id: str, **query: Any) -> dict[str, Any]:
        """Return a person's archive as the county's bureau sees it."""
        answer = await self.client.get(f"/v1/persons/{person_id}", params=query, headers=self.read)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def told(self, event_type: str) -> list[dict[str, Any]]:
        """Return the data of every published event of a type, in order."""
        query = text("SELECT convert_from(data, 'UTF8')::json FROM outbox_event WHERE type = :type ORDER BY log_id")
        async with self.database.engine.connect() as connection:
            rows = await connection.execute(query, {"type": f"identity.{event_type}.v1"})
            return [row[0] for row in rows]

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        async with self.database.engine.connect() as connection:
            return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608 - a test's own words

    def unit(self, cause: Cause | None = None) -> Any:
        """Open a unit of work."""
        return self.database.unit_of_work(cause or Cause("test"))


@pytest.fixture
async def identity(fresh_database: FreshDatabase) -> AsyncIterator[Identity]:
    """The service on a database of its own, at noon of a day in 2016."""
    database = await fresh_database("identity")
    settings = Settings(
        database_url=SecretStr(database.url),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(range(32, 64)).hex()),
        cursor_key=SecretStr(bytes(32).hex()),
    )
    held: list[Identity] = []
    app = create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(app) as client:
        held.append(Identity(client, database, settings))
        yield held[0]
    await asyncio.sleep(0)
