"""Operators' commands for keys that wait, over a real inbox: list, retry, skip."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from common.core.errors import NotFound, Refused
from common.kit.broker import InboundRecord
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.consumer import EventConsumer
from common.kit.drainer import Drainer
from common.kit.envelope import event_data, stored_headers, wire_headers
from common.kit.http import build_app
from common.kit.operations_api import operations_router
from common.kit.settings import ServiceSettings
from common.kit.testing import bearer, client_of, verifier_for_tests
from common.published.catalogue import line_for
from common.published.identity import PersonMoved

NAME, BASE = "contracts.test", "/v1/operations/contracts/parked-keys"
SECRET_KEY = b"211381196503150011 \xff"


class Stage:
    """A consumer, its drainer and its service's HTTP process over one database."""

    def __init__(self, database, client) -> None:
        self.database, self.client = database, client
        self.now = utc_now()
        self.failures: dict[UUID, list[Exception]] = {}
        self.seen: list[int] = []
        handlers = {"identity.person_moved.v1": self._handle}
        self.consumer = EventConsumer(name=NAME, database=database, handlers=handlers, clock=lambda: self.now)
        self.drainer = Drainer(name=NAME, database=database, handlers=handlers, clock=lambda: self.now)

    async def _handle(self, _uow, received) -> None:
        if self.failures.get(received.event_id):
            raise self.failures[received.event_id].pop(0)
        self.seen.append(received.sequence)

    async def drain(self, **later: int) -> None:
        self.now = max(self.now, utc_now()) + timedelta(**later)
        await self.drainer.drain_due()

    async def rows(self, statement: str, *values: object):
        async with self.database.engine.connect() as connection:
            return (await connection.exec_driver_sql(statement, values)).all()

    async def listed(self, **query: object) -> dict:
        answer = await self.client.get(BASE, params=query, headers=bearer("operator"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def only_key(self) -> dict:
        (item,) = (await self.listed())["items"]
        return item

    async def ask(self, action: str, item: dict, *, scope: str = "operator", **body: object):
        body = {"event_id": item["first"]["event_id"]} | body
        return await self.client.post(
            f"{BASE}/{item['parked_key_id']}/{action}", json=body, headers=bearer(scope, client_id="anna")
        )

    async def skip(self, item: dict, **body: object):
        return await self.ask("skip", item, **({"reason": "told twice by mistake"} | body))


@pytest.fixture
async def stage(fresh_database):
    database = await fresh_database()
    app = build_app(
        name="contracts",
        database=database,
        verifier=verifier_for_tests(),
        clock=utc_now,
        routers=[operations_router("contracts")],
        settings=ServiceSettings(database_url=database.url, cursor_key="00" * 32),
    )
    async with client_of(app) as client:
        yield Stage(database, client)


def a_record(person: UUID, sequence: int) -> InboundRecord:
    event = PersonMoved(
        county="211381", person_id=person, township="211381101", moved_on=date.fromordinal(730_000 + sequence)
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    headers = json.dumps(stored_headers(line_for(event), event, occurred_at=at, cause=Cause("c")))
    return InboundRecord(
        topic="identity.events",
        partition=0,
        key=str(person).encode(),
        value=event_data(event),
        headers=wire_headers(headers, sequence),
        broker_offset=sequence,
        appended_at=at,
    )


def poison(key: bytes) -> InboundRecord:
    headers = (("content-type", b"text/plain"),)
    return InboundRecord("identity.events", 0, key, b"211381196503150011", headers, 7, utc_now())


def id_of(record: InboundRecord) -> UUID:
    return UUID(dict(record.headers)["ce_id"].decode())


async def fail(stage: Stage, person: UUID, *, error: Exception, times: int = 1, events: int = 3) -> None:
    """Let a person's first event fail for good, with others behind it."""
    records = [a_record(person, n) for n in range(1, events + 1)]
    stage.failures[id_of(records[0])] = [error] * (times + 1)
    await stage.consumer.handle_batch(records)


class TestList:
    async def test_shows_what_a_key_waits_for_and_no_payload(self, stage):
        person = uuid4()
        await fail(stage, person, error=Refused("never"))

        item = await stage.only_key()

        first = item.pop("first")
        assert (item["consumer"], item["producer"], item["key"]) == (NAME, "identity", str(person))
        assert (item["reason"], item["waiting_count"]) == ("failed", 2)
        assert (first["type"], first["sequence"], first["error_code"]) == ("identity.person_moved.v1", 1, "refused")
        assert (first["attempts"], first["state"], first["broker_offset"]) == (1, "dead", 1)
        assert "211381101" not in json.dumps([item, first])

    async def test_hides_a_key_that_is_no_id_of_ours(self, stage):
        await stage.consumer.handle_batch([poison(SECRET_KEY)])

        item = await stage.only_key()

        assert (item["key"], item["reason"], item["first"]["type"]) == (None, "poison", None)
        assert "2113811965" not in json.dumps(item)

    async def test_pages_through_all_keys_once(self, stage):
        people = [uuid4() for _ in range(5)]
        for person in people:
            await fail(stage, person, error=Refused("never"), events=1)

        found, cursor = [], None
        while not found or cursor:
            page = await stage.listed(limit=2, **({"cursor": cursor} if cursor else {}))
            found += [item["key"] for item in page["items"]]
            cursor = page["next_cursor"]

        assert sorted(found) == sorted(map(str, people))


class TestSkip:
    async def test_leaves_the_failed_event_out_and_lets_the_others_go_on_in_order(self, stage):
        await fail(stage, uuid4(), error=Refused("never"))
        item = await stage.only_key()

        answer = await stage.skip(item)
        await stage.drain(seconds=1)

        assert answer.status_code == 200
        assert stage.seen == [2, 3]
        assert (await stage.listed())["items"] == []
        assert [tuple(r) for r in await stage.rows("SELECT last_sequence FROM inbox_key")] == [(3,)]
        states = await stage.rows("SELECT state FROM parked_event ORDER BY sequence")
        assert [row.state for row in states] == ["skipped", "done", "done"]

    async def test_notes_who_did_it_and_why(self, stage):
        await fail(stage, uuid4(), error=Refused("never"))

        answer = await stage.skip(await stage.only_key())

        (row,) = await stage.rows("SELECT client_id, action, reason, request_id FROM operator_action")
        assert tuple(row) == ("anna", "skip", "told twice by mistake", answer.headers["X-Request-Id"])

    async def test_said_five_times_at_once_is_one_skip_with_one_answer(self, stage):
        person = uuid4()
        await fail(stage, person, error=Refused("never"))
        stage.failures[id_of(a_record(person, 2))] = [Refused("never")] * 9
        item = await stage.only_key()

        answers = await asyncio.gather(*(stage.skip(item) for _ in range(5)))
        await stage.drain(seconds=1)
        again = await stage.skip(item, reason="another")

        assert {each.status_code for each in (*answers, again)} == {200}
        assert {each.content for each in (*answers, again)} == {again.content}
        assert (await stage.only_key())["first"]["sequence"] == 2
        assert len(await stage.rows("SELECT 1 FROM operator_action")) == 1

    async def test_of_the_only_event_frees_the_key_at_once(self, stage):
        person = uuid4()
        await fail(stage, person, error=Refused("never"), events=1)

        await stage.skip(await stage.only_key())
        await stage.consumer.handle_batch([a_record(person, 1), a_record(person, 2)])

        assert stage.seen == [2]

    async def test_of_poison_lets_its_key_go_on(self, stage):
        person = uuid4()
        await stage.consumer.handle_batch([poison(str(person).encode()), a_record(person, 1)])
        item = await stage.only_key()

        answer = await stage.skip(item)
        await stage.drain(seconds=1)

        assert (answer.status_code, stage.seen) == (200, [1])
        assert (await stage.listed())["items"] == []

    async def test_is_refused_where_nothing_failed_but_earlier_events_are_missing(self, stage):
        await stage.consumer.handle_batch([a_record(uuid4(), 3)])

        answer = await stage.skip(await stage.only_key())

        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_failed")
        assert [row.last_sequence for row in await stage.rows("SELECT last_sequence FROM inbox_key")] == [0]


class TestRetry:
    async def test_lets_a_dead_event_be_tried_by_the_normal_path_with_the_others_behind_it(self, stage):
        await fail(stage, uuid4(), error=Refused("not yet"))

        answer = await stage.ask("retry", await stage.only_key())
        await stage.drain(seconds=1)

        assert (answer.status_code, stage.seen) == (200, [1, 2, 3])

    async def test_said_again_answers_the_same_and_counts_once_per_attempt(self, stage):
        await fail(stage, uuid4(), error=Refused("not yet"), times=2)
        item = await stage.only_key()

        first, second = await stage.ask("retry", item), await stage.ask("retry", item)
        await stage.drain(seconds=1)
        again = await stage.ask("retry", item)

        assert first.content == second.content
        assert (again.status_code, again.content == first.content) == (200, False)
        assert (await stage.only_key())["first"]["state"] == "waiting"
        assert len(await stage.rows("SELECT 1 FROM outbox_event WHERE topic = 'contracts.dead'")) == 2

    async def test_hastens_an_event_that_waits_for_its_next_attempt(self, stage):
        await fail(stage, uuid4(), error=NotFound("not told yet"), events=1)

        await stage.ask("retry", await stage.only_key())
        stage.now = max(stage.now, utc_now())
        await stage.drainer.drain_due()

        assert stage.seen == [1]


class TestRefusals:
    async def test_of_an_unknown_key_or_event_is_404(self, stage):
        await fail(stage, uuid4(), error=Refused("never"))
        item = await stage.only_key()

        answers = [
            await stage.ask("retry", item | {"parked_key_id": str(uuid4())}),
            await stage.ask("retry", item, event_id=str(uuid4())),
            await stage.skip(item | {"parked_key_id": str(uuid4())}),
        ]

        assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}

    async def test_of_a_key_that_goes_on_is_409(self, stage):
        await fail(stage, uuid4(), error=NotFound("not told yet"))
        item = await stage.only_key()
        await stage.drain(hours=1)

        answer = await stage.ask("retry", item)

        assert (answer.status_code, answer.json()["code"]) == (409, "key_not_parked")

    async def test_of_an_event_behind_the_first_is_409(self, stage):
        person = uuid4()
        await fail(stage, person, error=Refused("never"))

        answer = await stage.skip(await stage.only_key(), event_id=str(id_of(a_record(person, 2))))

        assert (answer.status_code, answer.json()["code"]) == (409, "event_not_first")

    @pytest.mark.parametrize(
        "body",
        [{"reason": ""}, {"reason": None}, {"reason": "x" * 201}, {"reason": 1}, {"event_id": "x"}, {"more": 1}],
    )
    async def test_of_an_ill_formed_body_is_422(self, stage, body):
        await fail(stage, uuid4(), error=Refused("never"))

        answer = await stage.skip(await stage.only_key(), **body)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    async def test_of_every_other_scope_is_403(self, stage):
        await fail(stage, uuid4(), error=Refused("never"))
        item = await stage.only_key()

        answers = [await stage.ask("retry", item, scope=scope) for scope in ("his", "funds", "service:contracts")]

        assert {(each.status_code, each.json()["code"]) for each in answers} == {(403, "scope_missing")}
