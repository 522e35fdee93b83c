"""The contracts service on a fresh database with a clock that tests move, and the facts it hears of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.envelope import Received, event_data
from common.kit.testing import FreshDatabase, bearer, client_of, verifier_for_tests
from common.published.base import PublishedEvent
from common.published.catalogue import line_for
from common.published.identity import PersonRegistered
from common.published.settlement import DischargeSettled, SettlementReversed
from services.contracts.adapters.rule_file import load_rules
from services.contracts.app import create_app
from services.contracts.consumers import handlers
from services.contracts.settings import Settings
from services.contracts.worker import look_daily

COUNTY, ELSEWHERE = "211381", "522632"
HERE, THERE = "211381101", "211381102"
ANNA, BERT = UUID(int=0xA), UUID(int=0xB)


def a_discharge(person_id: UUID = ANNA, **fields: Any) -> DischargeSettled:
    """Return a settled discharge; keywords replace the usual fields."""
    usual: dict[str, Any] = {
        "county": COUNTY,
        "settlement_id": uuid4(),
        "discharge_id": uuid4(),
        "attempt": 1,
        "person_id": person_id,
        "institution_code": "H21138100001",
        "visit_type": "inpatient",
        "referral_kind": "none",
        "admitted_on": date(2016, 9, 1),
        "discharged_on": date(2016, 9, 12),
        "diagnoses": ["I63.9"],
        "total_fen": 1,
        "own_expense_fen": 0,
        "over_limit_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": 1,
        "layers": [],
        "hospital_borne_fen": 0,
        "patient_pays_fen": 1,
        "benefit_class": "ordinary",
        "identity_open": False,
        "policy_digest": "sha256:0",
    }
    return DischargeSettled(**(usual | fields))


def a_reversal(settled: DischargeSettled) -> SettlementReversed:
    """Return the reversal of a settlement."""
    return SettlementReversed(
        county=settled.county,
        reversal_id=uuid4(),
        settlement_id=settled.settlement_id,
        discharge_id=settled.discharge_id,
        person_id=settled.person_id,
        institution_code=settled.institution_code,
        discharged_on=settled.discharged_on,
        reversed_on=date(2016, 9, 13),
        total_fen=-1,
        patient_pays_fen=-1,
        layers=[],
        reason_code="other",
    )


@dataclass(slots=True)
class Care:
    """The running service as a test holds it."""

    client: httpx.AsyncClient
    database: Database
    now: datetime = datetime(2016, 9, 13, 2, 0, tzinfo=UTC)
    bureau: dict[str, str] = field(default_factory=lambda: bearer("contracts", county=COUNTY))
    township: dict[str, str] = field(default_factory=lambda: bearer("contracts", county=COUNTY, township=HERE))
    other_township: dict[str, str] = field(default_factory=lambda: bearer("contracts", county=COUNTY, township=THERE))
    other_bureau: dict[str, str] = field(default_factory=lambda: bearer("contracts", county=ELSEWHERE))

    def clock(self) -> datetime:
        """Return the instant the test set."""
        return self.now

    async def hear(self, event: PublishedEvent) -> None:
        """Handle one event as the worker's consumer does."""
        line = line_for(event)
        received = Received(
            event_id=line.event_id_of(event),
            type=line.event_type,
            producer=line.producer,
            key=line.key_of(event),
            sequence=1,
            occurred_at=self.now,
            cause=Cause("test"),
            headers={},
            data=event_data(event),
        )
        async with self.database.unit_of_work(Cause("test")) as uow:
            await handlers(clock=self.clock, versions=load_rules())[line.event_type](uow, received)

    async def know(self, person_id: UUID = ANNA, *, township: str | None = HERE) -> None:
        """Hear of a registered person."""
        await self.hear(PersonRegistered(county=COUNTY, person_id=person_id, township=township))

    async def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        """Post a body, as the bureau unless told otherwise."""
        return await self.client.post(path, json=body, headers=headers or self.bureau)

    async def team(self, name: str = "一队", *, township: str = HERE) -> str:
        """Open a team and return its id."""
        answer = await self.post("/v1/teams", township=township, name=name)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["team_id"])

    async def sign(self, person_id: UUID = ANNA, **fields: Any) -> httpx.Response:
        """Sign a person with a team of their township."""
        usual = {
            "person_id": str(person_id),
            "team_id": fields.pop("team_id", None) or await self.team(),
            "package_codes": ["basic"],
            "valid_from": "2016-01-01",
            "valid_to": "2016-12-31",
        }
        return await self.post("/v1/contracts", fields.pop("headers", None), **(usual | fields))

    async def items(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
        """Return the items of a list."""
        answer = await self.client.get(path, params=query, headers=headers or self.bureau)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def tasks(self, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
        """Return `<rule> <state>` of each task of the worklist."""
        return [f"{each['rule']} {each['state']}" for each in await self.items("/v1/follow-ups", headers, **query)]

    async def look_daily(self) -> None:
        """Let the worker's daily job run."""
        await look_daily(self.database, self.clock)

    async def told(self, fact: str) -> list[dict[str, Any]]:
        """Return the data of every published event of a type, in order."""
        query = text("SELECT convert_from(data, 'UTF8')::json FROM outbox_event WHERE type = :type ORDER BY log_id")
        async with self.database.engine.connect() as connection:
            rows = await connection.execute(query, {"type": f"contracts.{fact}.v1"})
            return [row[0] for row in rows]


@pytest.fixture
async def care(fresh_database: FreshDatabase) -> AsyncIterator[Care]:
    """The service on a database of its own, on a morning of 2016."""
    database = await fresh_database("contracts")
    settings = Settings(database_url=SecretStr(database.url), cursor_key=SecretStr(bytes(32).hex()))
    held: list[Care] = []
    app = create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(app) as client:
        held.append(Care(client, database))
        yield held[0]
