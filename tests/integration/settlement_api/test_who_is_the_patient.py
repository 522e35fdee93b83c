"""Recognition at the counter: unknown people, names that do not match, temporary patients, dated lists, insurance."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from common.published.identity import NameCheckChanged, PersonRegistered
from tests.integration.settlement_api.conftest import Window, an_entitlement, an_insurance
from tests.integration.settlement_api.vocabulary import (
    Person,
    a_number,
    a_person,
    a_stay,
    amounts_of,
)

POOR, ALLOWANCE = "registered_poor", "allowance_recipient"
ORDINARY = {"benefit_class": "ordinary", "counting_category": None, "categories": [], "list_date": None}
PLAIN = ("ordinary", {"basic": "34790.00", "critical_illness": "2605.00"}, "12605.00")
TILTED = (POOR, {"basic": "39760.00", "critical_illness": "3668.00"}, "6572.00")


async def test_whom_no_list_knows_is_settled_as_ordinary_and_marked(window: Window) -> None:
    answer = await window.settle(a_stay(a_person()))

    assert amounts_of(answer) == PLAIN
    assert answer["entitlement"] == ORDINARY | {"identity_open": True}
    assert answer["person_id"] == str(a_person().person_id)


async def test_a_listed_person_without_category_is_ordinary_and_known(window: Window) -> None:
    person = await window.register()

    answer = await window.settle(a_stay(person))

    assert amounts_of(answer) == PLAIN
    assert answer["entitlement"] == ORDINARY | {"identity_open": False}


async def test_a_name_that_does_not_match_moves_nobody_s_accounts(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    stranger = Person(person.number, "李四")

    answers = [await window.settle(a_stay(stranger)) for _ in range(2)]

    assert [amounts_of(each) for each in answers] == [PLAIN, PLAIN]
    assert [each["entitlement"] for each in answers] == [ORDINARY | {"identity_open": True}] * 2
    # A provisional id stands for one stay: two stays are two people, and neither is the one of the number.
    assert len({str(person.person_id), *(each["person_id"] for each in answers)}) == 3
    assert await window.accumulated(person.person_id) == {}
    assert await window.pay(a_stay(person)) == TILTED


async def test_a_provisional_id_is_the_same_in_preview_and_settlement(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    stay = a_stay(Person(person.number, "李四"))

    previewed = (await window.preview(stay)).json()

    assert previewed["person_id"] == (await window.settle(stay))["person_id"]


async def test_a_name_is_compared_without_spaces_and_width(window: Window) -> None:
    for order, written in enumerate(("王 某某", " 王某某 ", "王\u3000某某"), start=1):
        person = await window.register(a_person(order), POOR)

        answer = await window.settle(a_stay(Person(person.number, written)))

        assert (answer["person_id"], amounts_of(answer)) == (str(person.person_id), TILTED), written


async def test_a_small_x_is_the_same_person(window: Window) -> None:
    number = next(a_number(order) for order in range(1, 999) if a_number(order).endswith("X"))
    person = await window.register(Person(number), POOR)

    answer = await window.settle(a_stay(Person(number.lower())))

    assert (answer["person_id"], amounts_of(answer)) == (str(person.person_id), TILTED)


async def test_a_corrected_name_replaces_the_old_one(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    renamed = Person(person.number, "王某某某")
    await window.tell(
        NameCheckChanged(
            county="211381", person_id=person.person_id, name_check=renamed.name_check, changed_on=date(2016, 9, 1)
        )
    )

    assert (await window.settle(a_stay(renamed)))["person_id"] == str(person.person_id)
    assert (await window.settle(a_stay(person)))["person_id"] != str(person.person_id)


async def test_a_person_without_a_name_check_is_taken_by_number_and_marked(window: Window) -> None:
    person = a_person()
    await window.tell(PersonRegistered(county="211381", person_id=person.person_id))
    await window.tell(an_insurance(person))

    answer = await window.settle(a_stay(person))

    assert answer["person_id"] == str(person.person_id)
    assert answer["entitlement"]["identity_open"] is True


async def test_a_temporary_patient_is_ordinary_insured_and_marked(window: Window) -> None:
    head = await window.register(a_person(), POOR)
    newborn = {"name": "王小", "birth_date": "2016-09-08", "sex": "female", "head_citizen_id": head.number}
    stay = a_stay(patient={"temporary": newborn, "township": "211381101"})

    previewed = (await window.preview(stay)).json()
    answer = await window.settle(stay)
    other = await window.settle(a_stay(patient={"temporary": newborn}))

    assert amounts_of(answer) == PLAIN
    assert answer["entitlement"] == ORDINARY | {"identity_open": True}
    assert previewed["person_id"] == answer["person_id"]
    assert len({answer["person_id"], other["person_id"], str(head.person_id)}) == 3
    assert await window.accumulated(head.person_id) == {}


async def test_the_categories_are_those_of_the_discharge_day(window: Window) -> None:
    periods = [
        ("2016-09-12", None, TILTED),
        ("2016-09-13", None, PLAIN),
        ("2016-01-01", date(2016, 9, 13), TILTED),
        ("2016-01-01", date(2016, 9, 12), PLAIN),
    ]

    for order, (since, until, expected) in enumerate(periods, start=1):
        person = await window.register(a_person(order))
        await window.tell(an_entitlement(person, POOR, since=since, effective_to=until))
        answer = await window.settle(a_stay(person, on="2016-09-12"))
        assert amounts_of(answer) == expected, (since, until)
        assert answer["entitlement"]["categories"] == ([POOR] if expected == TILTED else [])


async def test_what_is_known_when_settling_decides_and_later_knowledge_changes_nothing_told(window: Window) -> None:
    person = await window.register()
    held = an_entitlement(person, POOR, entitlement_id=uuid4(), known_since=datetime(2017, 1, 1, tzinfo=UTC))
    before = await window.settle(a_stay(person))
    await window.tell(held)
    during = (await window.preview(a_stay(person))).json()
    await window.tell(held.model_copy(update={"version": 2, "withdrawn": True}))

    after = (await window.preview(a_stay(person))).json()
    kept = await window.get(f"/v1/settlements/{before['settlement_id']}", window.hospital(before["institution_code"]))

    assert [each["entitlement"]["benefit_class"] for each in (before, during, after)] == ["ordinary", POOR, "ordinary"]
    assert kept.json() == before


async def test_an_older_statement_about_a_period_never_replaces_a_newer(window: Window) -> None:
    person = await window.register()
    first = an_entitlement(person, POOR)
    await window.tell(first.model_copy(update={"version": 2, "withdrawn": True}))
    await window.tell(first)
    await window.tell(first)

    assert await window.pay(a_stay(person)) == PLAIN


async def test_the_list_date_is_that_of_the_newest_list_of_the_counting_category(window: Window) -> None:
    person = await window.register()
    for category, day in ((POOR, 5), (POOR, 9), (ALLOWANCE, 20)):
        fact = an_entitlement(person, category, list_date=date(2016, 6, day), counting=POOR)
        await window.tell(fact)

    held = (await window.settle(a_stay(person)))["entitlement"]

    assert (held["counting_category"], held["list_date"]) == (POOR, "2016-06-09")
    assert sorted(held["categories"]) == [ALLOWANCE, POOR]


def _card(state: str) -> dict[str, Any]:
    return {"insurance": {"scheme": "rural_cooperative", "state": state}}


async def test_who_is_not_insured_is_paid_nothing_and_uses_nothing_up(window: Window) -> None:
    said = [(source, state) for source in ("card", "registry") for state in ("not_insured", "waiting")]

    for order, (source, state) in enumerate(said, start=1):
        person = await window.register(a_person(order), POOR, ALLOWANCE)
        if source == "registry":
            await window.tell(an_insurance(person, state=state, version=2))
        patient = person.at_the_counter(**(_card(state) if source == "card" else {}))
        answer = await window.settle(a_stay(patient=patient))

        _, layers, patient_pays = amounts_of(answer)
        assert (layers, patient_pays, answer["fund_paid_fen"]) == ({}, "50000.00", 0), (source, state)
        assert any("参保" in each["zh"] or "等待" in each["zh"] for each in answer["explanation"]), (source, state)
        assert await window.accumulated(person.person_id) == {}


async def test_the_card_rules_over_the_registry(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    await window.tell(an_insurance(person, state="not_insured", version=2))

    answer = await window.settle(a_stay(patient=person.at_the_counter(**_card("insured"))))

    assert amounts_of(answer) == TILTED


async def test_the_registry_s_insurance_is_that_of_the_discharge_day(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    waiting = an_insurance(person, state="waiting", effective_to=date(2016, 9, 12), version=2)
    await window.tell(waiting)
    await window.tell(an_insurance(person, state="insured", effective_from=date(2016, 9, 12)))

    paid = [await window.pay(a_stay(person, on=day)) for day in ("2016-09-11", "2016-09-12")]

    assert paid == [(POOR, {}, "50000.00"), TILTED]


async def test_without_card_and_registry_the_stay_is_settled_as_insured_and_marked(window: Window) -> None:
    person = a_person()
    await window.tell(PersonRegistered(county="211381", person_id=person.person_id, name_check=person.name_check))
    await window.tell(an_entitlement(person, POOR))

    answer = await window.settle(a_stay(person))

    assert amounts_of(answer) == TILTED
    assert answer["entitlement"]["identity_open"] is True
