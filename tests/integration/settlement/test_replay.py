"""Every result comes out again from its frozen inputs, corrected ones too; one that does not is named."""

from decimal import Decimal

import pytest

from common.kit.testing import bearer
from services.settlement import books
from services.settlement.usecases.replay_settlements import Replay
from tests.integration.settlement.conftest import ELSEWHERE, FAR_HOSPITAL
from tests.integration.settlement.rerating_desk import POLICIES, booked, opened, with_ratio_of


@pytest.fixture
async def told(counter):
    """Stays of two counties, two corrected, one carried on."""
    late = await counter.settle("R1")
    await counter.settle("R2", contracted=True)
    await counter.hold()
    await booked(counter, await opened(counter))
    carried = {"kind": "transfer", "institution_code": late["institution_code"], "record_no": "R1"}
    await counter.settle("R3", continues=carried)
    far = bearer("his", client_id="h3", institution_code=FAR_HOSPITAL, county=ELSEWHERE)
    await counter.settle("R4", far, county=ELSEWHERE, institution_code=FAR_HOSPITAL)
    return late


async def test_all_results_come_out_as_they_were_told(counter, told):
    counts = Replay()

    assert told
    assert await books.replay(counter.database, counts=counts) == []
    assert (counts.replayed, counts.without_policy) == (6, 0)


async def test_a_rule_that_changed_under_its_digest_is_named(counter, told, monkeypatch):
    monkeypatch.setattr(books, "load_policies", lambda: with_ratio_of(POLICIES, "basic", Decimal("0.05"), mark=""))

    found = await books.replay(counter.database, counts=Replay())

    assert any(
        line.startswith(f"replay {told['settlement_id']}: ") and "patient_pays_fen was" in line for line in found
    )


@pytest.mark.usefixtures("told")
async def test_a_policy_that_is_gone_is_counted_not_guessed(counter, monkeypatch):
    monkeypatch.setattr(books, "load_policies", lambda: with_ratio_of(POLICIES, "basic", Decimal("0.05")))
    counts = Replay()

    assert await books.replay(counter.database, counts=counts) == []
    assert (counts.replayed, counts.without_policy) == (1, 5)
