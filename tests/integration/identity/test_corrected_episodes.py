"""The archive shows the share that stands, and what it was known to be before."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from common.published.settlement import DischargeSettled, SupplementBooked
from services.identity.usecases.reverse_episode import EpisodeUnknown
from tests.integration.identity.conftest import Identity
from tests.integration.identity.test_discharges import a_discharge, a_reversal, hear, id_of


def a_supplement(event: DischargeSettled, fen: int) -> SupplementBooked:
    return SupplementBooked(
        county=event.county,
        supplement_id=uuid4(),
        settlement_id=event.settlement_id,
        person_id=event.person_id,
        booked_on=date(2016, 10, 1),
        layers=[],
        patient_pays_fen=fen,
        reason_code="late_list",
    )


async def test_corrections_change_the_share_from_when_they_are_known_each_once(identity: Identity) -> None:
    event = a_discharge()
    back, more = a_supplement(event, -100_000), a_supplement(event, 7_00)
    await hear(identity, event)
    before = identity.now + timedelta(minutes=1)
    identity.now += timedelta(hours=1)

    for told in (back, more, back):
        await hear(identity, told)

    (now,) = (await identity.archive(id_of(1)))["episodes"]
    (then,) = (await identity.archive(id_of(1), known_at=before.isoformat().replace("+00:00", "Z")))["episodes"]
    assert now["patient_pays_fen"] == event.patient_pays_fen - 100_000 + 7_00
    assert then["patient_pays_fen"] == event.patient_pays_fen


async def test_a_correction_waits_for_its_discharge_and_stays_after_a_reversal(identity: Identity) -> None:
    event = a_discharge()
    with pytest.raises(EpisodeUnknown):
        await hear(identity, a_supplement(event, -1))

    await hear(identity, event)
    await hear(identity, a_supplement(event, -1))
    await hear(identity, a_reversal(event))

    (episode,) = (await identity.archive(id_of(1)))["episodes"]
    assert (episode["state"], episode["patient_pays_fen"]) == ("reversed", event.patient_pays_fen - 1)
