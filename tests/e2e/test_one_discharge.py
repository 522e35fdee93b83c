"""One discharge through everything: all hops, sent again, sent ten times at once, and taken back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.kit.clock import utc_now
from local.booted import Suite
from local.chain import run_chain
from local.chain_patient import Patient, choose_patient
from local.outside_client import OutsideClient, problem_of
from local.world import World
from tests.e2e.waiting import until

pytestmark = [pytest.mark.timeout(400)]

AsClient = Callable[[str], OutsideClient]
PickPatient = Callable[[], Awaitable[Patient]]


async def all_of(client: OutsideClient, path: str, settlement_id: str) -> list[dict[str, Any]]:
    """Return every item of a list that a settlement caused."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await client.get(path, limit=200, cursor=cursor)
        found += [item for item in page["items"] if item["settlement_id"] == settlement_id]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


class TestOneDischarge:
    async def test_passes_through_all_hops_and_is_settled_for_a_listed_person(
        self, suite: Suite, capsys: pytest.CaptureFixture[str]
    ) -> None:
        trail = await run_chain(base_url=suite.base_url, clients=suite.clients)

        said = capsys.readouterr().out
        assert "a listed person" in said
        assert not trail.settlement["entitlement"]["identity_open"]
        assert trail.settlement["settlement_id"] in said

    async def test_is_answered_byte_for_byte_when_sent_again_under_its_key(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        key = f"again-{patient.request['record_no']}"

        first = await hospital.call("POST", "/v1/discharges", key=key, json=patient.request)
        again = await hospital.call("POST", "/v1/discharges", key=key, json=patient.request)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["Idempotent-Replayed"] == "true"

    async def test_is_shown_but_not_settled_again_under_another_key(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        changed = patient.request | {"diagnoses": [{"icd10": "I10", "main": True}]}

        first = await hospital.call("POST", "/v1/discharges", key=_key(patient, "one"), json=patient.request)
        other = await hospital.call("POST", "/v1/discharges", key=_key(patient, "two"), json=patient.request)
        clash = await hospital.call("POST", "/v1/discharges", key=_key(patient, "three"), json=changed, also={409})

        assert (first.status_code, other.status_code) == (201, 200)
        assert other.json()["settlement_id"] == first.json()["settlement_id"]
        assert problem_of(clash)["code"] == "discharge_already_settled"

    async def test_is_settled_once_when_sent_ten_times_at_once(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        key = _key(patient, "ten")
        impatient = OutsideClient(hospital._http, hospital._entry, patience_seconds=0)

        answers = await asyncio.gather(
            *(impatient.call("POST", "/v1/discharges", key=key, json=patient.request, also={409}) for _ in range(10))
        )

        settled = {answer.json()["settlement_id"] for answer in answers if answer.status_code == 201}
        refused = {problem_of(answer).get("code") for answer in answers if answer.status_code == 409}
        assert Counter(answer.status_code for answer in answers).keys() <= {201, 409}
        assert len(settled) == 1
        assert refused <= {"in_progress"}
        listed = await hospital.get("/v1/settlements", record_no=patient.request["record_no"])
        assert listed["count"] == 1

    async def test_is_settled_once_when_ten_keys_race(self, as_client: AsClient, pick_patient: PickPatient) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()

        answers = await asyncio.gather(
            *(
                hospital.call("POST", "/v1/discharges", key=_key(patient, f"race-{number}"), json=patient.request)
                for number in range(10)
            )
        )

        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 9}
        assert len({answer.json()["settlement_id"] for answer in answers}) == 1

    async def test_is_withdrawn_everywhere_when_it_is_reversed(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        contracts, monitoring = as_client("211381-bureau-contracts"), as_client("211381-bureau-monitoring")
        settled = (
            await hospital.call("POST", "/v1/discharges", key=_key(patient, "reverse"), json=patient.request)
        ).json()
        wanted = settled["settlement_id"]
        await until(lambda: all_of(contracts, "/v1/follow-ups", wanted))
        await until(lambda: all_of(monitoring, "/v1/alerts", wanted))

        path, body = f"/v1/settlements/{wanted}/reversal", {"reason": "重复登记"}
        undone = await hospital.call("POST", path, key=_key(patient, "undo"), json=body)
        undone_again = await hospital.call("POST", path, key=_key(patient, "undo-2"), json=body)

        async def withdrawn(client: OutsideClient, path: str) -> bool:
            return {item["state"] for item in await all_of(client, path, wanted)} <= {"withdrawn"}

        async def marked() -> bool:
            archive = await as_client("211381-bureau-identity").get(f"/v1/persons/{settled['person_id']}")
            return [e["state"] for e in archive["episodes"] if e["settlement_id"] == wanted] == ["reversed"]

        assert (undone.status_code, undone_again.status_code) == (201, 200)
        assert undone_again.json()["reversal_id"] == undone.json()["reversal_id"]
        assert (await hospital.get(f"/v1/settlements/{wanted}"))["state"] == "reversed"
        await until(lambda: withdrawn(contracts, "/v1/follow-ups"))
        await until(lambda: withdrawn(monitoring, "/v1/alerts"))
        await until(marked)

    async def test_may_be_settled_again_after_its_reversal_with_ids_of_its_own(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        first = await hospital.call("POST", "/v1/discharges", key=_key(patient, "a"), json=patient.request)
        record = {"record_no": patient.request["record_no"], "reason": "医院撤销"}
        await hospital.call("POST", "/v1/reversals", key=_key(patient, "b"), json=record)

        second = await hospital.call("POST", "/v1/discharges", key=_key(patient, "c"), json=patient.request)

        assert (second.status_code, second.json()["attempt"]) == (201, 2)
        assert second.json()["settlement_id"] != first.json()["settlement_id"]
        assert second.json()["patient_pays_fen"] == first.json()["patient_pays_fen"]


class TestWhoIsThisPerson:
    async def test_is_settled_as_ordinary_and_marked_when_no_list_knows_them(self, as_client: AsClient) -> None:
        hospital = as_client("211381-hospital-1")
        patient = await choose_patient(
            World(today=utc_now().date(), person_count=0),
            hospital=hospital,
            identity=as_client("211381-bureau-identity"),
            monitoring=as_client("211381-bureau-monitoring"),
            now=utc_now(),
        )

        settled = (
            await hospital.call("POST", "/v1/discharges", key=_key(patient, "open"), json=patient.request)
        ).json()

        assert settled["entitlement"] == {
            "benefit_class": "ordinary",
            "counting_category": None,
            "categories": [],
            "list_date": None,
            "identity_open": True,
        }

    async def test_is_never_guessed_when_name_and_number_differ(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        hospital, patient = as_client("211381-hospital-1"), await pick_patient()
        other = patient.request | {"patient": patient.request["patient"] | {"name": "某某某"}}

        right = (await hospital.call("POST", "/v1/discharges/preview", json=patient.request)).json()
        wrong = (await hospital.call("POST", "/v1/discharges/preview", json=other)).json()

        assert (right["entitlement"]["identity_open"], wrong["entitlement"]["identity_open"]) == (False, True)
        assert wrong["person_id"] != right["person_id"]
        assert wrong["entitlement"]["benefit_class"] == "ordinary"


def _key(patient: Patient, purpose: str) -> str:
    return f"e2e-{purpose}-{patient.request['record_no']}"
