"""Number and name for identity's worker alone, every read recorded."""

from __future__ import annotations

from uuid import uuid4

from common.kit.testing import bearer
from tests.integration.settlement.conftest import NAME, NUMBER, Counter, a_number


async def test_identity_reads_a_patient_and_the_read_is_recorded(counter: Counter) -> None:
    service = bearer("service:identity", client_id="identity")
    settled = await counter.settle(patient={"citizen_id": NUMBER, "name": NAME, "township": "211381101"})

    answer = await counter.get(f"/internal/discharges/{settled['discharge_id']}/patient", service)

    assert answer.json() == {"citizen_id": NUMBER, "name": NAME, "township": "211381101"}
    [(client_id, action, subject_id)] = await counter.rows("SELECT client_id, action, subject_id FROM read_audit")
    assert (client_id, action, str(subject_id)) == ("identity", "read_patient", settled["discharge_id"])


async def test_a_temporary_patient_has_no_number(counter: Counter) -> None:
    temporary = {"name": "某婴", "birth_date": "2016-09-01", "sex": "female", "head_citizen_id": a_number(1)}
    settled = await counter.settle(patient={"temporary": temporary})

    answer = await counter.get(
        f"/internal/discharges/{settled['discharge_id']}/patient", bearer("service:identity", client_id="identity")
    )

    assert answer.json() == {"citizen_id": None, "name": "某婴", "township": None}


async def test_nobody_else_reads_it_and_what_is_unknown_is_not_found(counter: Counter) -> None:
    settled = await counter.settle()
    path = f"/internal/discharges/{settled['discharge_id']}/patient"

    strangers = [await counter.get(path, headers) for headers in (counter.hospital, counter.bureau)]
    unknown = await counter.get(f"/internal/discharges/{uuid4()}/patient", bearer("service:identity"))

    assert {each.status_code for each in strangers} == {403}
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert await counter.rows("SELECT count(*) FROM read_audit") == [(0,)]
