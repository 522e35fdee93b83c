"""Whatever happens in whatever order: one live settlement per record, money moved once, effects equal events.

STATES says how many histories are drawn (200), STATE_STEPS how long they are at most.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic import SecretStr

from common.kit import failpoints, inbox
from common.kit.broker_store import create
from common.kit.db import Database
from common.kit.inbox import Verdict
from common.kit.migrations import upgrade
from common.kit.testing import Server, client_of, verifier_for_tests
from services.settlement import app
from services.settlement.settings import Settings
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import PERSON_KEY, Person, a_bill, a_number, a_stay
from tests.state.stage import Killed, Stage

STATES = int(os.environ.get("STATES", "200"))
STEPS = int(os.environ.get("STATE_STEPS", "11"))
POINTS = [
    each for each in failpoints.NAMES if each.split(".")[0] in {"api", "settlement", "relay", "consumer", "broker"}
]
RECORDS = st.integers(0, 2)
ResultT = TypeVar("ResultT")
_PROGRESS = """
SELECT coalesce((SELECT last_sequence FROM inbox_key WHERE consumer = 'monitoring.watch' AND key = $1), 0) AS watermark,
  coalesce((SELECT settled + reversed FROM tally WHERE person_id = $2), 0) AS effects
"""


class Chain(RuleBasedStateMachine):
    """One person, three records, and everything that can happen to them."""

    stage: ClassVar[Stage]
    runner: ClassVar[asyncio.Runner]
    persons: ClassVar[Iterator[int]]
    killed: ClassVar[list[int]] = [0]

    @initialize(stays=st.integers(0, 3), is_sent=st.booleans())
    def begin(self, *, stays: int, is_sent: bool) -> None:
        number = next(self.persons)
        self.person = Person(a_number(number % 900 + 1, born=f"{1930 + number // 900 % 80}0315"))
        self.stays = [a_stay(self.person, bill=a_bill(cost)) for cost in ("300", "20000", "160000")]
        self.asked: list[tuple[int, str]] = []
        self.settled: dict[int, dict[str, Any]] = {}
        self.watermark = 0
        for record in range(stays):
            self.settle(record)
        if is_sent:
            self.relay()

    @rule(record=RECORDS)
    def settle(self, record: int) -> None:
        self._settle(record, uuid4().hex)

    @precondition(lambda self: self.asked)
    @rule(back=st.integers(1, 3))
    def retry(self, back: int) -> None:
        """The same call again under its own key, as a client does that heard nothing."""
        self._settle(*self.asked[-min(back, len(self.asked))])

    @precondition(lambda self: self.settled)
    @rule(which=st.integers(0, 2), is_by_number=st.booleans())
    def reverse(self, *, which: int, is_by_number: bool) -> None:
        settled = list(self.settled.values())[which % len(self.settled)]
        body = {"record_no": settled["record_no"], "reason": "录入错误"}
        headers = self.window.hospital(settled["institution_code"])
        call = self.window.post("/v1/reversals", body, headers) if is_by_number else self.window.reverse(settled)
        answer = self._run(call)
        assert answer is None or answer.status_code in {200, 201}, answer.text

    @rule(point=st.sampled_from(POINTS), nth=st.integers(1, 2), record=RECORDS, member=st.integers(0, 1))
    def crash(self, *, point: str, nth: int, record: int, member: int) -> None:
        """Whoever passes the point dies there; what passes it is asked to, or does so at a later step."""
        failpoints.arm(f"{point}:{nth}")
        self.settle(record)
        if point.split(".", maxsplit=1)[0] not in {"api", "settlement"}:
            self.deliver(member=member, most=500, manner="once", is_committed=True, is_sent=True)
        elif self.settled:
            self.reverse(which=record, is_by_number=bool(member))

    @rule()
    def relay(self) -> None:
        self._run(self.stage.relay_once())

    @rule()
    def kill_relay(self) -> None:
        self._run(self.stage.kill_relay())

    @rule(
        member=st.integers(0, 1),
        most=st.sampled_from((1, 2, 500)),
        manner=st.sampled_from(("once", "twice")),
        is_committed=st.booleans(),
        is_sent=st.booleans(),
    )
    def deliver(self, *, member: int, most: int, manner: str, is_committed: bool, is_sent: bool) -> None:
        if is_sent:
            self.relay()
        self._run(self.stage.deliver(member, most=most, manner=manner, is_committed=is_committed))

    @rule(record=RECORDS, member=st.integers(0, 1))
    def reorder(self, record: int, member: int) -> None:
        """A later event is handed to the consumer before an earlier one of the same person."""
        self.settle(record)
        if record in self.settled:
            self.reverse(which=list(self.settled).index(record), is_by_number=False)
        self.relay()
        self._run(self.stage.deliver(member, most=500, manner="reordered", is_committed=False))

    @rule(member=st.integers(0, 1))
    def rebalance(self, member: int) -> None:
        self._run(self.stage.rebalance(member))

    @rule(seconds=st.sampled_from((1, 40, 3600)))
    def tick(self, seconds: int) -> None:
        self._run(self.stage.tick(timedelta(seconds=seconds)))

    @invariant()
    def _a_watermark_never_falls_and_stands_for_what_was_done(self) -> None:
        if not hasattr(self, "person"):
            return
        person_id = self.person.person_id
        found = self.runner.run(self.stage.watched(_PROGRESS, str(person_id), person_id))[0]
        assert found.watermark >= self.watermark
        assert found.effects == found.watermark
        self.watermark = found.watermark

    def teardown(self) -> None:
        failpoints.arm("")
        if hasattr(self, "person"):
            self.runner.run(self.stage.heal())
            self.runner.run(self._check())

    @property
    def window(self) -> Window:
        return self.stage.window

    def _settle(self, record: int, key: str) -> None:
        self.asked.append((record, key))
        answer = self._run(self.window.discharge(self.stays[record], key=key))
        if answer is not None:
            assert answer.status_code in {200, 201}, answer.text
            self.settled[record] = answer.json()

    def _run(self, step: Awaitable[ResultT]) -> ResultT | None:
        """Return what a step came to; None when it was killed, and nothing is known."""

        async def run() -> ResultT:
            return await step

        try:
            return self.runner.run(run())
        except Killed:
            self.killed[0] += 1
            return None

    async def _check(self) -> None:
        """Hold settlement's books and what monitoring made of them to each other."""
        person_id = self.person.person_id
        rows = await self.window.sql(
            "SELECT record_no, attempt, state, patient_pays_fen, settlement_id FROM settlement WHERE person_id = :id",
            id=person_id,
        )
        live = Counter(row[0] for row in rows if row[2] == "settled")
        assert not [record for record, count in live.items() if count > 1], "a record lives twice"
        undone = sum(row[2] == "reversed" for row in rows)
        told = await self.window.sql(
            "SELECT sequence FROM outbox_event WHERE key = :key ORDER BY 1", key=str(person_id)
        )
        assert [row[0] for row in told] == list(range(1, len(rows) + undone + 1)), "events are not the settlements"
        for settled in self.settled.values():
            assert settled["settlement_id"] in {str(row[4]) for row in rows}, "an answer was not kept"
        postings = await self.window.sql(
            "SELECT e.kind, sum(p.amount_fen) FROM settlement s JOIN journal_entry e USING (settlement_id) "
            "LEFT JOIN posting p USING (entry_id) WHERE s.person_id = :id GROUP BY e.entry_id, e.kind",
            id=person_id,
        )
        assert Counter(kind for kind, _ in postings) == +Counter(settlement=len(rows), reversal=undone)
        assert not [total for _, total in postings if total]
        accumulated = await self.window.accumulated(person_id)
        assert {figures[3] for figures in accumulated.values()} <= {sum(live.values())}
        patient_pays = sum(row[3] for row in rows if row[2] == "settled")
        tally = await self.stage.watched("SELECT * FROM tally WHERE person_id = $1", person_id)
        assert [tuple(row)[1:] for row in tally] == ([(len(rows), undone, patient_pays)] if rows else []), (
            "effects differ"
        )
        watched = await self.stage.watched("SELECT settlement_id FROM stay WHERE person_id = $1", person_id)
        assert {str(row.settlement_id) for row in watched} == {str(row[4]) for row in rows}
        inbox_rows = await self.stage.watched(
            "SELECT last_sequence FROM inbox_key WHERE key = $1 AND consumer = 'monitoring.watch'", str(person_id)
        )
        assert [row.last_sequence for row in inbox_rows] == ([len(told)] if rows else [])


def told_by_machine(count: int, *, steps: int = STEPS) -> None:
    """Draw histories and check them."""
    run_state_machine_as_test(
        Chain,
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            print_blob=False,
        ),
    )


@pytest.fixture
def stage(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The chain on three databases of its own; a failpoint kills what runs instead of the whole process."""

    def killed() -> None:
        failpoints._armed.passings -= 1
        if not failpoints._armed.passings:
            raise Killed

    monkeypatch.setattr(failpoints, "_pass", killed)
    with asyncio.Runner() as runner:
        names = {each: f"state_{each}_{uuid4().hex[:8]}" for each in ("settlement", "monitoring", "broker")}
        for name in names.values():
            runner.run(postgres_server.run(f'CREATE DATABASE "{name}"'))
        for service in ("settlement", "monitoring"):
            upgrade(service, postgres_server.url_of(names[service]))
        runner.run(create(postgres_server.url_of(names["broker"])))
        settling = Database(postgres_server.url_of(names["settlement"]))
        secret = SecretStr(bytes(32).hex())
        own = Settings(
            database_url=SecretStr(settling.url),
            person_key=SecretStr(PERSON_KEY.hex()),
            data_key=secret,
            cursor_key=secret,
        )
        held: list[Window] = []
        service = app.create_app(own, database=settling, verifier=verifier_for_tests(), clock=lambda: held[0].now)
        opening = client_of(service)
        held.append(Window(runner.run(opening.__aenter__()), settling))
        opened = runner.run(
            Stage.open(
                held[0], Database(postgres_server.url_of(names["monitoring"])), postgres_server.url_of(names["broker"])
            )
        )
        Chain.stage, Chain.runner, Chain.persons = opened, runner, iter(range(10**6))
        yield opened
        failpoints.arm("")
        runner.run(opened.close())
        runner.run(opening.__aexit__(None, None, None))
        for name in names.values():
            runner.run(postgres_server.run(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.mark.timeout(7200)  # Ten thousand histories take most of an hour.
def test_no_history_loses_or_doubles_anything(stage: Stage) -> None:
    told_by_machine(STATES)

    met = Chain.runner.run(stage.met()) | {"killed": Chain.killed[0]}
    assert min(met.values()) >= STATES // 10, met


@pytest.mark.usefixtures("stage")
def test_a_consumer_without_inbox_and_watermark_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def all_fresh(_connection, _consumer, event_ids):
        return set(event_ids)

    monkeypatch.setattr(inbox, "judge", lambda *_, **__: Verdict.HANDLE)
    monkeypatch.setattr(inbox, "mark_handled", all_fresh)

    with pytest.raises(AssertionError):
        told_by_machine(100)
