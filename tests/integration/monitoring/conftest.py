"""The monitoring service on a fresh database with a clock that tests move, and the facts it hears of."""

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
from common.published.identity import HouseholdChanged, PersonRegistered
from common.published.settlement import DischargeSettled, SettlementReversed, SupplementBooked
from services.monitoring.adapters.line_files import load_lines
from services.monitoring.app import create_app
from services.monitoring.consumers import handlers
from services.monitoring.settings import Settings
from services.monitoring.worker import look_daily

COUNTY, ELSEWHERE = "211381", "522632"
HERE, THERE = "211381101", "211381102"
ANNA, BERT = UUID(int=0xA), UUID(int=0xB)
HOME, AWAY = UUID(int=0x100), UUID(int=0x200)


def a_discharge(yuan: int, person_id: UUID = ANNA, *, on: date = date(2016, 9, 12), **fields: Any) -> DischargeSettled:
    """Return a settled discharge of which the patient pays some yuan."""
    usual: dict[str, Any] = {
        "county": COUNTY,
        "settlement_id": uuid4(),
        "discharge_id": uuid4(),
        "attempt": 1,
        "person_id": person_id,
        "institution_code": "H21138100001",
        "visit_type": "inpatient",
        "referral_kind": "none",
        "admitted_on": on,
        "discharged_on": on,
        "diagnoses": ["I63.9"],
        "total_fen": yuan * 100,
        "own_expense_fen": 0,
        "over_limit_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": yuan * 100,
        "layers": [],
        "hospital_borne_fen": 0,
        "patient_pays_fen": yuan * 100,
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
        reversed_on=settled.discharged_on,
        total_fen=-settled.total_fen,
        patient_pays_fen=-settled.patient_pays_fen,
        layers=[],
        reason_code="other",
    )


def a_supplement(settled: DischargeSettled, yuan: int) -> SupplementBooked:
    """Return a later change of the patient's share."""
    return SupplementBooked(
        county=settled.county,
        supplement_id=uuid4(),
        settlement_id=settled.settlement_id,
        person_id=settled.person_id,
        booked_on=settled.discharged_on,
        layers=[],
        patient_pays_fen=yuan * 100,
        reason_code="other",
    )


def a_change(household_id: UUID = HOME, **fields: Any) -> HouseholdChanged:
    """Return a change of a household's members."""
    usual = {"county": COUNTY, "household_id": household_id, "change_id": uuid4(), "as_of": date(2016, 1, 1)}
    return HouseholdChanged(**(usual | fields))


@dataclass(slots=True)
class Watch:
    """The running service as a test holds it."""

    client: httpx.AsyncClient
    database: Database
    now: datetime = datetime(2016, 9, 13, 2, 0, tzinfo=UTC)
    bureau: dict[str, str] = field(default_factory=lambda: bearer("monitoring", county=COUNTY))
    township: dict[str, str] = field(default_factory=lambda: bearer("monitoring", county=COUNTY, township=HERE))
    other_township: dict[str, str] = field(default_factory=lambda: bearer("monitoring", county=COUNTY, township=THERE))
    other_bureau: dict[str, str] = field(default_factory=lambda: bearer("monitoring", county=ELSEWHERE))

    def clock(self) -> datetime:
        """Return the instant the test set."""
        return self.now

    async def hear(self, event: PublishedEvent) -> None:
        """Handle one event as the worker's consumer does, in a transaction of its own."""
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
            await handlers(clock=self.clock, lines=load_lines())[line.event_type](uow, received)

    async def know(
        self, person_id: UUID, household_id: UUID | None = HOME, *, township: str | None = HERE, is_head: bool = False
    ) -> None:
        """Hear of a registered person."""
        await self.hear(
            PersonRegistered(
                county=COUNTY, person_id=person_id, household_id=household_id, township=township, is_head=is_head
            )
        )

    async def family(self) -> None:
        """Hear of a household of two, Anna its head."""
        await self.know(ANNA, is_head=True)
        await self.know(BERT)

    async def alerts(self, headers: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
        """Return the alerts a caller sees, the newest first."""
        answer = await self.client.get("/v1/alerts", params=query, headers=headers or self.bureau)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def states(self, **query: Any) -> list[str]:
        """Return `<yuan> <state>` of each alert, the smallest sum first."""
        return sorted(f"{each['amount_fen'] // 100} {each['state']}" for each in await self.alerts(**query))

    async def look_daily(self) -> None:
        """Let the worker's daily job run."""
        await look_daily(self.database, self.clock, load_lines())

    async def told(self) -> list[dict[str, Any]]:
        """Return the data of every alert told, in order."""
        query = text("SELECT convert_from(data, 'UTF8')::json FROM outbox_event ORDER BY log_id")
        async with self.database.engine.connect() as connection:
            return [row[0] for row in await connection.execute(query)]


@pytest.fixture
async def watch(fresh_database: FreshDatabase) -> AsyncIterator[Watch]:
    """The service on a database of its own, on a morning of 2016."""
    database = await fresh_database("monitoring")
    settings = Settings(database_url=SecretStr(database.url), cursor_key=SecretStr(bytes(32).hex()))
    held: list[Watch] = []
    app = create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(app) as client:
        held.append(Watch(client, database))
        yield held[0]
