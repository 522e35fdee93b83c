"""The demo load: which world is sent, what is sent in which order, and what is said when the suite does not follow."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from local import demo_rosters, demo_stays
from local.demo_load import WORLD_FILE, WorldNote, world_note
from local.demo_rosters import LoadStuck, person_ids_of, persons_to_wait_for, send_list, wait_until_known
from local.demo_stays import SentStays, send_stays
from local.outside_client import CallRefused, ClientEntry, OutsideClient
from local.world import World
from local.world_discharges import Stay
from local.world_places import BEIPIAO

TODAY = date(2026, 11, 23)
WORLD = World(today=TODAY)


class FakeSuite:
    """Answers from a list of answers per path; remembers what was asked."""

    def __init__(self, **answers: list[httpx.Response]) -> None:
        self.answers = answers
        self.seen: list[tuple[str, object]] = []

    def client(self) -> OutsideClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://gateway")
        return OutsideClient(http, ClientEntry("id", "secret", "his"), patience_seconds=0)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 600})
        is_json = request.headers.get("Content-Type") == "application/json"
        self.seen.append((path, json.loads(request.content) if is_json else None))
        waiting = self.answers[path.rsplit("/", 1)[-1].replace("-", "_")]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


class TestWorldNote:
    def test_keeps_the_day_of_a_world_begun_earlier(self, tmp_path: Path) -> None:
        clients = tmp_path / "demo-clients.json"
        begun = world_note(clients, seed=7, person_count=300, discharge_count=200, today=TODAY)
        begun.write()

        later = world_note(clients, seed=7, person_count=300, discharge_count=200, today=TODAY + timedelta(days=1))

        assert later == begun

    def test_begins_anew_for_another_size(self, tmp_path: Path) -> None:
        clients = tmp_path / "demo-clients.json"
        WorldNote(tmp_path / WORLD_FILE, WORLD, is_complete=True).write()

        other = world_note(clients, seed=7, person_count=301, discharge_count=200, today=TODAY)

        assert (other.world.person_count, other.is_complete) == (301, False)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"world": {"today": "x"}, "is_complete": true}'])
    def test_begins_anew_where_the_note_cannot_be_read(self, tmp_path: Path, text: str) -> None:
        (tmp_path / WORLD_FILE).write_text(text, encoding="utf-8")

        note = world_note(tmp_path / "c.json", seed=7, person_count=300, discharge_count=200, today=TODAY)

        assert note == WorldNote(tmp_path / WORLD_FILE, WORLD)


class TestSendList:
    async def test_publishes_a_list_that_says_something_new(self) -> None:
        file = next(WORLD.lists())
        staged = {"roster_id": "r", "state": "staged", "verdicts": {"accepted": 3}}
        published = staged | {"state": "published"}
        suite = FakeSuite(
            rosters=[httpx.Response(202, json=staged)],
            publish=[httpx.Response(200, json=staged | {"state": "publishing"})],
            r=[httpx.Response(200, json=published)],
        )

        report = await send_list(suite.client(), file)

        assert report["state"] == "published"
        assert [path for path, _ in suite.seen] == ["/v1/rosters", "/v1/rosters/r/publish", "/v1/rosters/r"]

    async def test_leaves_a_list_alone_that_says_nothing_new(self) -> None:
        staged = {"roster_id": "r", "state": "staged", "verdicts": {"accepted": 0, "changed": 0, "unchanged": 9}}
        suite = FakeSuite(rosters=[httpx.Response(202, json=staged)])

        await send_list(suite.client(), next(WORLD.lists()))

        assert [path for path, _ in suite.seen] == ["/v1/rosters"]

    async def test_says_whose_log_to_read_when_publishing_does_not_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(demo_rosters, "PUBLISH_SECONDS", -1.0)
        staged = {"roster_id": "r", "state": "publishing", "verdicts": {"accepted": 3}}
        suite = FakeSuite(rosters=[httpx.Response(202, json=staged)], publish=[httpx.Response(200, json=staged)])

        with pytest.raises(LoadStuck, match="still publishing; see the log of identity's worker"):
            await send_list(suite.client(), next(WORLD.lists()))

    async def test_learns_the_ids_of_rows_that_were_not_rejected(self) -> None:
        file = next(WORLD.lists())
        rows = [
            {"row_no": 2, "verdict": "accepted", "person_id": "a"},
            {"row_no": 3, "verdict": "rejected", "person_id": None},
            {"row_no": 4, "verdict": "unchanged", "person_id": "c"},
        ]
        pages = [
            httpx.Response(200, json={"items": rows[:2], "next_cursor": "next"}),
            httpx.Response(200, json={"items": rows[2:], "next_cursor": None}),
        ]
        suite = FakeSuite(rows=pages)

        found = await person_ids_of(suite.client(), file, {"roster_id": "r"})

        assert found == {file.person_indexes[0]: "a", file.person_indexes[2]: "c"}


class TestWaitUntilKnown:
    async def test_waits_until_every_category_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(demo_rosters, "_POLL_SECONDS", 0.0)
        person = persons_to_wait_for(WORLD, BEIPIAO.code)[0]
        answers = [httpx.Response(200, json={"categories": held}) for held in ([], [*person.categories, "orphan"])]
        suite = FakeSuite(check=answers)

        await wait_until_known(suite.client(), [person], institution_code="H21138100001", on=TODAY)

        assert len(suite.seen) == 2

    async def test_says_which_person_settlement_does_not_know(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(demo_rosters, "KNOWN_SECONDS", -1.0)
        person = persons_to_wait_for(WORLD, BEIPIAO.code)[0]
        suite = FakeSuite(check=[httpx.Response(200, json={"categories": []})])

        with pytest.raises(LoadStuck, match=f"does not know person {person.index} of county 211381"):
            await wait_until_known(suite.client(), [person], institution_code="H21138100001", on=TODAY)

    def test_waits_for_people_spread_over_the_county(self) -> None:
        persons = persons_to_wait_for(World(today=TODAY, person_count=20_000), BEIPIAO.code)

        assert 40 <= len(persons) <= 150
        assert {person.county for person in persons} == {BEIPIAO}
        assert max(person.index for person in persons) - min(person.index for person in persons) > 15_000


class TestSendStays:
    async def test_sends_a_households_stays_in_order_and_takes_mistakes_back(self) -> None:
        stays = list(World(today=TODAY, discharge_count=60).stays())
        settled = {"settlement_id": "s", "patient_pays_fen": 5}
        suite = FakeSuite(
            discharges=[httpx.Response(201, json=settled)], reversal=[httpx.Response(201, json={"state": "reversed"})]
        )
        sent, client = SentStays(), suite.client()

        await send_stays(stays, client_of=lambda _: client, sent=sent, advance=lambda: None)

        order = [body["record_no"] for path, body in suite.seen if path == "/v1/discharges" and isinstance(body, dict)]
        assert sorted(order) == sorted(stay.record_no for stay in stays)
        for household in {stay.person.household_index for stay in stays}:
            own = [stay.record_no for stay in stays if stay.person.household_index == household]
            assert [each for each in order if each in own] == own
        assert sent == SentStays(60, 0, sum(stay.is_reversed for stay in stays), 300)

    async def test_counts_answers_given_again(self) -> None:
        answer = httpx.Response(201, json={"settlement_id": "s"}, headers={"Idempotent-Replayed": "true"})
        suite = FakeSuite(discharges=[answer])
        sent, client = SentStays(), suite.client()

        await send_stays([_an_usual_stay()], client_of=lambda _: client, sent=sent, advance=lambda: None)

        assert sent == SentStays(replayed_count=1)

    async def test_stops_at_the_first_refusal(self) -> None:
        suite = FakeSuite(discharges=[httpx.Response(409, json={"code": "county_unknown"})])
        client = suite.client()

        with pytest.raises(ExceptionGroup) as failure:
            await send_stays(WORLD.stays(), client_of=lambda _: client, sent=SentStays(), advance=lambda: None)

        assert failure.group_contains(CallRefused, match="county_unknown")
        assert len(suite.seen) <= 2 * demo_stays.LANES


def _an_usual_stay() -> Stay:
    return next(stay for stay in WORLD.stays() if not stay.is_reversed)
