"""Facts of the suite enter the outward log and leave it as the reader's purpose allows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jsonschema
import pytest

from common.kit.broker import InboundRecord
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.consumer import EventConsumer
from common.kit.envelope import stored_headers, wire_headers
from common.kit.outbox import event_data
from common.published.catalogue import BY_TYPE, line_for
from gateway.consumers import handlers
from gateway.settings import Settings
from gateway.usecases.prune_events import prune_events
from gateway.worker import worker_parts
from local.schemas import ROOT

SETTLED = "settlement.discharge_settled.v1"
SUBSCRIBER = "211381-subscriber"


def an_event(event_type=SETTLED, **changes):
    example = json.loads((ROOT / "docs" / "schemas" / "examples" / event_type / "1.json").read_text())
    fresh = {name: str(uuid4()) for name in ("person_id", "settlement_id") if name in example}
    return BY_TYPE[event_type].model.model_validate({**example, **fresh, **changes})


def a_record(event, *, sequence=1, offset=0):
    line = line_for(event)
    cause = Cause("desk-1", "inside", "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    stored = stored_headers(line, event, occurred_at=datetime(2016, 9, 12, tzinfo=UTC), cause=cause)
    return InboundRecord(
        topic=line.topic,
        partition=0,
        broker_offset=offset,
        key=line.key_of(event).encode(),
        headers=wire_headers(json.dumps(stored), sequence),
        value=event_data(event),
        appended_at=datetime(2016, 9, 12, tzinfo=UTC),
    )


@pytest.fixture
async def hear(door):
    """Return a function that hands events to the gateway's consumer as the broker would."""
    consumer = EventConsumer(
        name="gateway.outward", database=door.database, consumer=None, handlers=handlers(clock=utc_now), clock=utc_now
    )

    async def hear_all(*events):
        await consumer.handle_batch([a_record(event, offset=number) for number, event in enumerate(events)])

    return hear_all


async def read(door, client_id=SUBSCRIBER, **query):
    headers = await door.bearer(client_id)
    return await door.client.get("/v1/events", params=query, headers=headers)


class TestCatchUp:
    async def test_tells_a_structured_event_without_diagnosis(self, door, hear):
        event = an_event()
        await hear(event)

        told = (await read(door)).json()["items"][0]

        assert (told["specversion"], told["type"], told["source"]) == ("1.0", SETTLED, "/yizhan/settlement")
        assert told["partitionkey"] == str(event.person_id)
        assert (told["sequence"], told["correlationid"]) == ("0000000000000000001", "desk-1")
        assert told["traceparent"].startswith("00-aaaa")
        assert told["data"]["total_fen"] == 5200000
        assert "diagnoses" not in told["data"]
        assert "causationid" not in told

    async def test_tells_what_fits_the_schema_it_names(self, door, hear):
        await hear(an_event(), an_event("identity.name_check_changed.v1"))

        for told in (await read(door)).json()["items"]:
            schema = (await door.client.get(told["dataschema"])).json()
            jsonschema.Draft202012Validator(schema).validate(told["data"])

    async def test_tells_diagnosis_with_the_scope_and_a_name_check_never(self, door, hear):
        async with door.database.unit_of_work(Cause("test")) as uow:
            await uow.connection.exec_driver_sql(
                "UPDATE client SET scope = 'events events:diagnosis' WHERE client_id = '211381-subscriber'"
            )
        await hear(an_event(), an_event("identity.person_registered.v1"))

        first, second = (await read(door)).json()["items"]

        assert first["data"]["diagnoses"] == ["I63.9"]
        assert "name_check" not in second["data"]

    async def test_tells_a_county_its_own_events_only(self, door, hear):
        await hear(an_event(), an_event(county="522632"))

        told = (await read(door, "522632-subscriber")).json()["items"]

        assert [each["data"]["county"] for each in told] == ["522632"]

    async def test_reads_on_by_cursor_and_ends_with_the_cursor_that_was_asked(self, door, hear):
        await hear(*[an_event() for _ in range(5)])
        seen, after = [], None

        while True:
            page = (await read(door, limit=2, **({"after": after} if after else {}))).json()
            if not page["items"]:
                break
            seen += [each["id"] for each in page["items"]]
            after = page["next_cursor"]

        assert len(set(seen)) == len(seen) == 5
        assert page["next_cursor"] == after

    async def test_begins_an_empty_log_with_a_cursor_that_works_later(self, door, hear):
        begin = (await read(door)).json()
        await hear(an_event())

        assert begin["items"] == []
        assert len((await read(door, after=begin["next_cursor"])).json()["items"]) == 1

    async def test_filters_by_types(self, door, hear):
        await hear(an_event(), an_event("identity.person_moved.v1"), an_event("contracts.follow_up_done.v1"))

        told = (await read(door, type=[SETTLED, "identity.person_moved.v1"])).json()["items"]

        assert [each["type"] for each in told] == [SETTLED, "identity.person_moved.v1"]

    async def test_cuts_a_limit_above_the_most(self, door, hear):
        await hear(an_event())

        assert (await read(door, limit=100_000)).status_code == 200

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"after": "x"}, "cursor_invalid"),
            ({"after": "ü"}, "cursor_invalid"),
            ({"after": ""}, "cursor_invalid"),
            ({"limit": 0}, "malformed_body"),
            ({"type": "nobody.said.v1"}, "malformed_body"),
            ({"since": "1"}, "malformed_body"),
        ],
    )
    async def test_refuses_what_it_does_not_understand(self, door, query, code):
        answer = await read(door, **query)

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    async def test_refuses_another_countys_cursor(self, door):
        cursor = (await read(door)).json()["next_cursor"]

        answer = await read(door, "522632-subscriber", after=cursor)

        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")

    async def test_says_so_when_the_log_no_longer_reaches_back(self, door, hear):
        begin = (await read(door)).json()["next_cursor"]
        await hear(an_event(), an_event())
        async with door.database.unit_of_work(Cause("test")) as uow:
            later = utc_now() + timedelta(days=398)
            assert [await prune_events(uow=uow, now=later, at_most=1) for _ in range(3)] == [1, 1, 0]
        await hear(an_event())

        answer = await read(door, after=begin)

        assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")
        again = await read(door, after=answer.json()["first_cursor"])
        assert len(again.json()["items"]) == 1
        assert len((await read(door)).json()["items"]) == 1


class TestOutwardLog:
    async def test_has_dense_positions_and_takes_a_repeat_once(self, door, hear):
        events = [an_event() for _ in range(4)]
        await hear(*events[:2])
        await hear(*events)

        async with door.database.unit_of_work(Cause("test")) as uow:
            rows = await uow.connection.exec_driver_sql("SELECT position FROM outward_event ORDER BY position")

            assert [row.position for row in rows] == [1, 2, 3, 4]

    async def test_keeps_what_is_young_enough(self, door, hear):
        await hear(an_event())

        async with door.database.unit_of_work(Cause("test")) as uow:
            assert await prune_events(uow=uow, now=utc_now() + timedelta(days=396), at_most=10) == 0


class TestWorkerParts:
    async def test_hears_every_topic_and_prunes(self, door):
        parts = worker_parts(Settings(**door.settings.model_dump()))

        assert parts.all_topics() == ["contracts.events", "identity.events", "monitoring.events", "settlement.events"]
        for job in parts.jobs:
            await job.work()
        await parts.database.close()
