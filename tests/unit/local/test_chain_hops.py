"""The chain's hops: each waits until it is seen, and one that is not names itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from local import chain_hops
from local.chain_hops import (
    Callers,
    HopMissed,
    Trail,
    end_of_log,
    hop_alert,
    hop_archive,
    hop_event,
    hop_follow_up,
    hop_settlement,
)
from local.chain_patient import Patient
from local.outside_client import ClientEntry, OutsideClient
from local.world import World

Answer = Callable[[httpx.Request], httpx.Response]

SETTLEMENT: dict[str, Any] = {
    "settlement_id": "s-1",
    "person_id": "p-1",
    "record_no": "R1",
    "total_fen": 1000,
    "hospital_borne_fen": 0,
    "patient_pays_fen": 400,
    "entitlement": {"benefit_class": "ordinary"},
    "layers": [{"layer": "basic", "fund": "rural_cooperative", "paid_fen": 600}],
}


def callers(answer: Answer) -> Callers:
    def guarded(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 600})
        return answer(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(guarded), base_url="http://gateway")
    client = OutsideClient(http, ClientEntry("id", "secret", "his"), patience_seconds=0)
    return Callers(client, client, client, client, client)


def a_trail() -> Trail:
    return Trail(settlement=SETTLEMENT)


def pages(*items: list[dict[str, Any]]) -> Answer:
    """Answer page after page, each telling the cursor of the next; the last is told again."""
    told = list(items)

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("cursor", "0"))
        following = str(number + 1) if number + 1 < len(told) else None
        return httpx.Response(200, json={"items": told[number], "next_cursor": following})

    return answer


@pytest.fixture(autouse=True)
def _wait_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_hops, "HOP_SECONDS", 0.0)


class TestHops:
    async def test_show_what_every_layer_pays_and_the_patient(self) -> None:
        patient = Patient(World(today=date(2026, 11, 23)).population.person(0), {"record_no": "R1"}, is_listed=True)

        lines = await hop_settlement(callers(lambda _: httpx.Response(201, json=SETTLEMENT)), Trail(), patient)

        assert any("basic" in line and "6.00 yuan" in line for line in lines)
        assert any("the patient pays" in line and "4.00 yuan" in line for line in lines)

    async def test_refuse_a_settlement_that_does_not_add_up(self) -> None:
        patient = Patient(World(today=date(2026, 11, 23)).population.person(0), {"record_no": "R1"}, is_listed=True)
        wrong = SETTLEMENT | {"patient_pays_fen": 401}

        with pytest.raises(HopMissed, match="s-1 does not add up"):
            await hop_settlement(callers(lambda _: httpx.Response(201, json=wrong)), Trail(), patient)

    async def test_find_the_event_behind_others(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            after = int(request.url.params.get("after", "0"))
            event = {"type": "t", "id": f"e{after}", "data": {"settlement_id": f"s-{after}"}}
            items = [event] if after <= 1 else []
            return httpx.Response(200, json={"items": items, "next_cursor": str(after + len(items))})

        lines = await hop_event(callers(answer), a_trail())

        assert lines == ["t, event e1, sequence -"]

    async def test_know_where_the_log_ends(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            after = int(request.url.params.get("after", "0"))
            items = [{"type": "t"}] if after < 3 else []
            return httpx.Response(200, json={"items": items, "next_cursor": str(after + len(items))})

        assert await end_of_log(callers(answer).subscriber) == "3"

    async def test_find_the_episode_in_the_archive(self) -> None:
        episode = {"settlement_id": "s-1", "discharged_on": "2026-11-23"}

        lines = await hop_archive(callers(lambda _: httpx.Response(200, json={"episodes": [episode]})), a_trail())

        assert lines == ["episode of settlement s-1, discharged on 2026-11-23"]

    async def test_look_for_the_follow_up_on_every_page(self) -> None:
        found = {
            "settlement_id": "s-1",
            "follow_up_id": "f",
            "kind": "follow_up",
            "disease": "other",
            "window_from": "a",
            "window_to": "b",
            "team_id": "t",
        }

        lines = await hop_follow_up(callers(pages([{"settlement_id": "s-0"}], [found])), a_trail())

        assert lines == ["follow-up f", "follow_up for other, a to b, team t"]

    async def test_tell_the_sum_and_the_line_of_the_alert(self) -> None:
        found = {
            "settlement_id": "s-1",
            "alert_id": "a",
            "household_id": None,
            "person_id": "p-1",
            "amount_fen": 700_000,
            "line_fen": 600_000,
        }

        lines = await hop_alert(callers(pages([found])), a_trail())

        assert lines == ["alert a for person p-1", "7,000.00 yuan in twelve months against a line of 6,000.00 yuan"]

    @pytest.mark.parametrize(
        ("hop", "name", "answer"),
        [
            (hop_event, "event", httpx.Response(200, json={"items": [], "next_cursor": "0"})),
            (hop_archive, "archive", httpx.Response(404, json={"code": "not_found"})),
            (hop_follow_up, "follow-up", httpx.Response(200, json={"items": [], "next_cursor": None})),
            (hop_alert, "alert", httpx.Response(200, json={"items": [], "next_cursor": None})),
        ],
    )
    async def test_name_themselves_when_they_do_not_happen(
        self, hop: Callable[[Callers, Trail], Any], name: str, answer: httpx.Response
    ) -> None:
        with pytest.raises(HopMissed, match=f"^{name}: .* did not appear within 0 s"):
            await hop(callers(lambda _: answer), a_trail())
