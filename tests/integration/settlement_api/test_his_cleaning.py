"""Old messages of the national interface leave; what a repeat or an undoing still needs stays."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr

from common.kit.cleaning import clean_database
from services.settlement.adapters.his_messages import kept_for
from services.settlement.settings import Settings
from services.settlement.worker import make_parts
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.his_vocabulary import His, a_discharge, an_undoing
from tests.integration.settlement_api.vocabulary import PERSON_KEY, a_person

DAYS = 185


async def _clean(window: Window) -> int:
    gone = await clean_database(window.database, now=window.now, tables=[kept_for(days=DAYS)])
    return gone["his_message"]


async def _kept(window: Window) -> list[str]:
    return [row[0] for row in await window.sql("SELECT infno FROM his_message ORDER BY received_at, msgid")]


async def test_the_worker_cleans_after_the_setting_s_time(window: Window) -> None:
    await His(window).discharged(await window.register())
    window.now += timedelta(days=40)
    settings = Settings(
        database_url=SecretStr(window.database.url),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(range(32, 64)).hex()),
        cursor_key=SecretStr(bytes(32).hex()),
        his_message_days=39,
    )
    parts = make_parts(settings, clock=lambda: window.now)
    (job,) = (each for each in parts.jobs if each.name == "clean_messages")

    await job.work()
    await parts.database.close()

    assert await _kept(window) == ["2401"]


async def test_what_is_younger_stays(window: Window) -> None:
    his = His(window)
    await his.discharged(await window.register())
    window.now += timedelta(days=DAYS, seconds=-1)

    assert await _clean(window) == 0
    assert await _kept(window) == ["1101", "2401", "2402"]


async def test_settlements_and_admissions_stay_for_ever_and_are_still_undone(window: Window) -> None:
    his, person = His(window), await window.register()
    stay, settlement = await his.discharged(person), his.a_message_id()
    first = await his.send("2304", stay.bill(), msgid=settlement)
    window.now += timedelta(days=DAYS, seconds=1)
    await his.identify(a_person(2))

    assert await _clean(window) == 2
    assert await _kept(window) == ["2401", "2304", "1101"]

    assert (await his.send("2304", stay.bill(), msgid=settlement)).content == first.content
    assert await his.ask("2601", an_undoing(stay, msgid=settlement)) == {}
    assert (await his.send("2304", stay.bill(), msgid=settlement)).content == first.content
    assert await window.sql("SELECT count(*) FROM settlement WHERE state = 'settled'") == [(0,)]


async def test_the_late_repeat_of_another_message_finds_its_work_done(window: Window) -> None:
    his = His(window)
    stay, discharge, reversal = await his.admit(await window.register()), his.a_message_id(), his.a_message_id()
    await his.ask("2402", a_discharge(stay), msgid=discharge)
    undone = {"data": stay.named(setl_id=(await his.ask("2304", stay.bill()))["setlinfo"]["setl_id"])}
    await his.ask("2305", undone, msgid=reversal)
    await his.ask("2304", stay.bill())
    window.now += timedelta(days=DAYS, seconds=1)
    await _clean(window)
    moved = await window.sql("SELECT count(*) FROM journal_entry")

    await his.ask("2305", undone, msgid=reversal)

    assert "已结算" in await his.refusal("2402", a_discharge(stay), msgid=discharge)
    assert await window.sql("SELECT count(*) FROM journal_entry") == moved
