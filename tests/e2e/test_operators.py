"""An operator at the running suite: a record nobody can read is tried again and skipped, and all is on record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.kit.broker import OutboundRecord, partition_of
from common.kit.broker_open import open_producer
from common.kit.settings import ServiceSettings
from common.published.catalogue import topic_of
from local.booted import Suite
from local.outside_client import OutsideClient
from tests.e2e.waiting import until
from tests.integration.local.test_whole_run import children

pytestmark = [pytest.mark.timeout(400)]

AsClient = Callable[[str], OutsideClient]
LISTENERS = ("settlement", "contracts", "monitoring", "gateway")
REASON = "对方误投，无需处理"


def broker_of(suite: Suite) -> ServiceSettings:
    """Return the broker's settings as identity's worker of the running suite has them."""
    worker = children(suite.process_id)["services.identity.worker"]
    pairs = (entry.partition("=") for entry in Path(f"/proc/{worker}/environ").read_text(encoding="utf-8").split("\0"))
    values = {name.lower(): value for name, _, value in pairs}
    return ServiceSettings(
        database_url="unused",
        broker=values["broker"],
        kafka_bootstrap=values.get("kafka_bootstrap", ""),
        broker_database_url=values.get("broker_database_url", ""),
    )


@pytest.fixture
async def poisoned(suite: Suite) -> AsyncIterator[UUID]:
    """Put a record that is no envelope into identity's topic; return the key it was put under."""
    person = uuid4()
    key = str(person).encode()
    record = OutboundRecord(topic_of("identity"), partition_of(key), key, b"{", (("content-type", b"text/plain"),))
    producer = await open_producer(broker_of(suite))
    try:
        assert await producer.publish([record]) == [None]
    finally:
        await producer.close()
    return person


async def waiting_key(operator: OutsideClient, service: str, person: UUID) -> dict[str, Any] | None:
    """Return the person's key among those that wait at a service."""
    page = await operator.get(f"/v1/operations/{service}/parked-keys", limit=200)
    assert page["next_cursor"] is None
    return next((item for item in page["items"] if item["key"] == str(person)), None)


class TestParkedKey:
    async def test_is_listed_retried_and_skipped_at_every_service_with_an_audit_entry_each(
        self, as_client: AsClient, poisoned: UUID
    ) -> None:
        operator = as_client("operator")
        for service in LISTENERS:
            waits = await until(lambda name=service: waiting_key(operator, name, poisoned))
            path = f"/v1/operations/{service}/parked-keys/{waits['parked_key_id']}"
            event = {"event_id": waits["first"]["event_id"]}

            retried = await operator.call("POST", f"{path}/retry", key=uuid4().hex, json=event)
            skipped = await operator.call("POST", f"{path}/skip", key=uuid4().hex, json=event | {"reason": REASON})

            assert (waits["reason"], waits["first"]["state"]) == ("poison", "dead")
            assert (retried.json()["action"], skipped.json()["action"]) == ("retry", "skip")
            assert await self._is_gone(operator, service, poisoned)
            for action in ("retry", "skip"):
                route = f"/v1/operations/{service}/parked-keys/{{parked_key_id}}/{action}"
                entries = (await operator.get("/v1/audit", route=route, limit=200))["items"]
                noted = [e for e in entries if e["resource_ids"].get("parked_key_id") == waits["parked_key_id"]]
                assert [entry["status"] for entry in noted] == [200]

    async def _is_gone(self, operator: OutsideClient, service: str, person: UUID) -> bool:
        async def gone() -> bool:
            return await waiting_key(operator, service, person) is None

        return await until(gone)

    async def test_is_no_business_of_a_hospital(self, as_client: AsClient) -> None:
        hospital = as_client("211381-hospital-1")

        refused = await hospital.call("GET", "/v1/operations/contracts/parked-keys", also={403})

        assert refused.json()["code"] == "scope_missing"
