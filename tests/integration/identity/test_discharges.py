"""A settled discharge in identity: the archive's episode, and a visit where it looks catastrophic."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from common.kit.cause import Cause
from common.kit.envelope import Received
from common.kit.testing import bearer
from common.published.catalogue import BY_MODEL
from common.published.settlement import DischargeSettled, SettlementReversed, SupplementBooked
from services.identity.adapters.settlement_client import PatientUnreachable, SettlementClient
from services.identity.adapters.verification import Patient
from services.identity.consumers import handlers
from services.identity.usecases.open_verification_tasks import open_verification_tasks
from services.identity.usecases.reverse_episode import EpisodeUnknown
from tests.integration.identity.conftest import COUNTY, TOWNSHIP, Identity, a_list, a_number, a_row, id_of

RUINOUS = 1_000_000


def a_discharge(**fields: Any) -> DischargeSettled:
    usual: dict[str, Any] = {
        "county": COUNTY,
        "settlement_id": uuid4(),
        "discharge_id": uuid4(),
        "attempt": 1,
        "person_id": UUID(id_of(1)),
        "institution_code": "H21138100001",
        "visit_type": "inpatient",
        "referral_kind": "none",
        "admitted_on": date(2016, 9, 1),
        "discharged_on": date(2016, 9, 11),
        "diagnoses": ["I63.9"],
        "total_fen": 5_200_000,
        "own_expense_fen": 0,
        "over_limit_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": 5_200_000,
        "layers": [],
        "hospital_borne_fen": 0,
        "patient_pays_fen": 397_160,
        "benefit_class": "ordinary",
        "identity_open": True,
        "policy_digest": "sha256:00",
    }
    return DischargeSettled(**{**usual, **fields})


def a_reversal(event: DischargeSettled) -> SettlementReversed:
    return SettlementReversed(
        county=event.county,
        reversal_id=uuid4(),
        settlement_id=event.settlement_id,
        discharge_id=event.discharge_id,
        person_id=event.person_id,
        institution_code=event.institution_code,
        discharged_on=event.discharged_on,
        reversed_on=date(2016, 9, 12),
        total_fen=-event.total_fen,
        patient_pays_fen=-event.patient_pays_fen,
        layers=[],
        reason_code="entered_wrongly",
    )


async def hear(identity: Identity, event: DischargeSettled | SettlementReversed | SupplementBooked) -> None:
    event_type = BY_MODEL[type(event)].event_type
    received = Received(
        event_id=uuid4(),
        type=event_type,
        producer="settlement",
        key=str(event.person_id),
        sequence=1,
        occurred_at=identity.now,
        cause=Cause("discharge-request"),
        headers={},
        data=event.model_dump_json().encode(),
    )
    table = handlers(counties=identity.counties, clock=identity.clock)
    async with identity.unit() as uow:
        await table[event_type](uow, received)


class Settlement:
    """Settlement and the token endpoint as identity's worker sees them."""

    def __init__(self) -> None:
        self.patients: dict[str, dict[str, str | None]] = {}
        self.tokens_given = 0
        self.revoked: set[str] = set()
        self.is_down = False
        transport = httpx.MockTransport(self._answer)
        self.client = SettlementClient(
            http=httpx.AsyncClient(transport=transport),
            settlement_url="http://settlement/",
            gateway_url="http://gateway/",
            client_id="identity",
            client_secret="secret",
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("down")
        if request.url.path == "/oauth/token":
            assert b"scope=service%3Aidentity" in request.content
            self.tokens_given += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens_given}", "expires_in": 600})
        if request.headers["Authorization"].removeprefix("Bearer ") in self.revoked:
            return httpx.Response(401)
        patient = self.patients.get(request.url.path.split("/")[3])
        return httpx.Response(200, json=patient) if patient else httpx.Response(404)

    async def patient_of(self, discharge_id: UUID) -> Patient:
        return await self.client.patient_of(discharge_id)


async def work(identity: Identity, settlement: Settlement) -> int:
    return await open_verification_tasks(
        open_unit=identity.unit,
        fetch_patient=settlement.patient_of,
        keys=identity.settings.keys(),
        clock=identity.clock,
    )


async def tasks(identity: Identity, query: dict[str, Any] | None = None, **bound: str) -> list[dict[str, Any]]:
    headers = bearer("identity:read", **{"county": COUNTY, **bound})
    answer = await identity.client.get("/v1/verification-tasks", params=query or {}, headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestEpisode:
    async def test_enters_the_archive_of_a_registered_person_once(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)))
        event = a_discharge(patient_pays_fen=RUINOUS)

        await hear(identity, event)
        await hear(identity, event)

        (episode,) = (await identity.archive(id_of(1)))["episodes"]
        assert (episode["settlement_id"], episode["state"]) == (str(event.settlement_id), "settled")
        assert (episode["patient_pays_fen"], episode["diagnoses"]) == (RUINOUS, ["I63.9"])
        assert await identity.count("verification_request") == 0

    async def test_makes_an_archive_known_by_discharge_only(self, identity: Identity) -> None:
        await hear(identity, a_discharge(township=TOWNSHIP, provisional=True))

        archive = await identity.archive(id_of(1))

        assert (archive["known_by"], archive["name"], archive["township"]) == ("discharge", None, TOWNSHIP)
        assert archive["provisional"]
        assert len(archive["episodes"]) == 1

    async def test_is_marked_when_it_is_reversed_and_stays_readable(self, identity: Identity) -> None:
        event = a_discharge()
        await hear(identity, event)
        before = identity.now + timedelta(minutes=1)
        identity.now += timedelta(hours=1)

        await hear(identity, a_reversal(event))
        await hear(identity, a_reversal(event))

        (now,) = (await identity.archive(id_of(1)))["episodes"]
        (then,) = (await identity.archive(id_of(1), known_at=before.isoformat().replace("+00:00", "Z")))["episodes"]
        assert (now["state"], now["reversed_on"]) == ("reversed", "2016-09-12")
        assert (then["state"], then["reversed_on"]) == ("settled", None)

    async def test_waits_for_the_discharge_when_only_the_reversal_is_known(self, identity: Identity) -> None:
        with pytest.raises(EpisodeUnknown):
            await hear(identity, a_reversal(a_discharge()))

    async def test_registers_a_person_known_by_discharge_once_a_list_names_them(self, identity: Identity) -> None:
        await hear(identity, a_discharge(county="522632"))

        await identity.take(a_list(a_row(1)))

        archive = await identity.archive(id_of(1))
        assert (archive["known_by"], archive["county"], len(archive["episodes"])) == ("list", COUNTY, 1)
        assert len(await identity.told("person_registered")) == 1

    async def test_and_a_list_about_the_same_persons_at_once_both_take_effect(self, identity: Identity) -> None:
        rows = [a_row(order, household=f"A{order}") for order in range(1, 20)]
        roster_id = (await identity.send(a_list(*rows))).json()["roster_id"]
        events = [a_discharge(person_id=UUID(id_of(order))) for order in range(19, 0, -1)]

        await asyncio.gather(identity.publish(roster_id), *(hear(identity, event) for event in events))

        archives = [await identity.archive(id_of(order)) for order in range(1, 20)]
        assert {(each["known_by"], len(each["episodes"])) for each in archives} == {("list", 1)}
        assert len(await identity.told("person_registered")) == 19


class TestVerification:
    async def test_opens_a_task_with_name_and_number_when_a_stay_looks_catastrophic(self, identity: Identity) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS), Settlement()
        settlement.patients[str(event.discharge_id)] = {
            "citizen_id": a_number(1),
            "name": "王某",
            "township": TOWNSHIP,
        }
        await hear(identity, event)

        opened = [await work(identity, settlement), await work(identity, settlement)]

        (task,) = await tasks(identity, {"state": "open"}, township=TOWNSHIP)
        assert opened == [1, 0]
        assert (task["name"], task["citizen_id"]) == ("王某", a_number(1)[:6] + "********" + a_number(1)[-4:])
        assert (task["patient_pays_fen"], task["line_fen"]) == (RUINOUS, RUINOUS)
        assert task["due_on"] == "2016-09-19"
        assert (await identity.archive(id_of(1)))["citizen_id"] == task["citizen_id"]

    async def test_asks_for_nobody_below_the_line(self, identity: Identity) -> None:
        await hear(identity, a_discharge(patient_pays_fen=RUINOUS - 1))
        await hear(identity, a_discharge(patient_pays_fen=RUINOUS, county="999999"))

        assert await identity.count("verification_request") == 0

    async def test_keeps_a_number_that_makes_another_id_out_of_the_archive(self, identity: Identity) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS, person_id=uuid4()), Settlement()
        settlement.patients[str(event.discharge_id)] = {"citizen_id": a_number(1), "name": "王某", "township": None}
        await hear(identity, event)

        await work(identity, settlement)

        (task,) = await tasks(identity)
        assert (task["name"], task["township"]) == ("王某", None)
        assert (await identity.archive(str(event.person_id)))["citizen_id"] is None

    async def test_tries_again_later_and_opens_the_task_without_a_name_in_the_end(self, identity: Identity) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS, township=TOWNSHIP), Settlement()
        settlement.is_down = True
        await hear(identity, event)

        opened = []
        for _ in range(9):
            opened.append(await work(identity, settlement))
            opened.append(await work(identity, settlement))
            identity.now += timedelta(hours=2)

        (task,) = await tasks(identity)
        assert sum(opened) == 1
        assert opened.index(1) == 16
        assert (task["name"], task["citizen_id"], task["township"]) == (None, None, TOWNSHIP)

    async def test_asks_for_a_new_token_when_the_old_one_is_refused(self, identity: Identity) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS), Settlement()
        settlement.patients[str(event.discharge_id)] = {"citizen_id": None, "name": "新生儿", "township": None}
        settlement.revoked = {"token-1"}
        await hear(identity, event)

        assert await work(identity, settlement) == 1
        assert settlement.tokens_given == 2

    @pytest.mark.parametrize("answer", [{"name": 5}, None])
    async def test_takes_an_unexpected_answer_for_no_answer(self, answer: dict[str, Any] | None) -> None:
        settlement, discharge_id = Settlement(), uuid4()
        if answer:
            settlement.patients[str(discharge_id)] = answer

        with pytest.raises(PatientUnreachable):
            await settlement.patient_of(discharge_id)

    async def test_is_dropped_when_the_settlement_is_reversed_before_the_task(self, identity: Identity) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS), Settlement()
        settlement.patients[str(event.discharge_id)] = {"citizen_id": None, "name": "王某", "township": None}
        await hear(identity, event)

        async def reversed_meanwhile(discharge_id: UUID) -> Patient:
            await hear(identity, a_reversal(event))
            return await settlement.patient_of(discharge_id)

        opened = await open_verification_tasks(
            open_unit=identity.unit,
            fetch_patient=reversed_meanwhile,
            keys=identity.settings.keys(),
            clock=identity.clock,
        )

        assert opened == 0
        assert await tasks(identity) == []

    @pytest.mark.parametrize(("ending", "state"), [("reversed", "withdrawn"), ("listed", "registered")])
    async def test_ends_with_a_reversal_or_a_list(self, identity: Identity, ending: str, state: str) -> None:
        event, settlement = a_discharge(patient_pays_fen=RUINOUS), Settlement()
        settlement.patients[str(event.discharge_id)] = {"citizen_id": a_number(1), "name": "王某", "township": TOWNSHIP}
        await hear(identity, event)
        await work(identity, settlement)

        if ending == "reversed":
            await hear(identity, a_reversal(event))
        else:
            await identity.take(a_list(a_row(1)))

        assert [task["state"] for task in await tasks(identity)] == [state]

    async def test_is_seen_by_its_own_county_and_township_page_by_page(self, identity: Identity) -> None:
        settlement = Settlement()
        for order in (1, 2, 3):
            event = a_discharge(patient_pays_fen=RUINOUS, person_id=UUID(id_of(order)))
            township = TOWNSHIP if order > 1 else None
            settlement.patients[str(event.discharge_id)] = {"citizen_id": None, "name": "王某", "township": township}
            await hear(identity, event)
        await work(identity, settlement)

        first = await identity.client.get("/v1/verification-tasks", params={"limit": 2}, headers=identity.read)
        query = {"limit": 2, "cursor": first.json()["next_cursor"]}
        second = await identity.client.get("/v1/verification-tasks", params=query, headers=identity.read)

        assert (len(first.json()["items"]), len(second.json()["items"])) == (2, 1)
        assert len(await tasks(identity, township=TOWNSHIP)) == 2
        assert await tasks(identity, county="522632") == []
