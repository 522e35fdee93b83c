"""Citizen numbers: what is accepted, what is refused, and what of them may be seen."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.citizen_number import (
    CitizenNumberInvalid,
    check_character,
    masked_name,
    name_check_of,
    normalised_name,
    number_hash_of,
    parse_citizen_number,
    person_id_of,
)

TODAY = date(2026, 1, 1)
KEY = b"k" * 32


class TestParseCitizenNumber:
    def test_accepts_full_width_characters_and_surrounding_space(self):
        number = parse_citizen_number(" ２１１３８１196503150011 ", today=TODAY)

        assert number.value == "211381196503150011"

    def test_makes_a_small_x_large(self):
        seventeen = next(
            f"2113811965031500{order}" for order in range(10) if check_character(f"2113811965031500{order}") == "X"
        )

        assert parse_citizen_number(f"{seventeen}x", today=TODAY).value.endswith("X")

    def test_widens_an_old_number(self):
        number = parse_citizen_number("211381650315001", today=TODAY)

        assert number.value == "211381196503150011"

    def test_widens_the_order_of_a_centenarian_into_the_nineteenth_century(self):
        assert parse_citizen_number("211381990315996", today=TODAY).born_on == date(1899, 3, 15)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "18 characters"),
            ("21138119650315001", "18 characters"),
            ("21138119650230001X", "does not exist"),
            ("211381299903150011", "future"),
            ("211381196503150012", "check character"),
            ("2113811965031500Ⅻ1", "18 characters"),
        ],
    )
    def test_refuses_with_the_rule_that_failed(self, text, reason):
        with pytest.raises(CitizenNumberInvalid, match=reason):
            parse_citizen_number(text, today=TODAY)

    @given(st.integers(min_value=0, max_value=9), st.integers(min_value=0, max_value=17))
    def test_no_single_wrong_digit_passes(self, digit, place):
        good = "211381196503150011"
        changed = good[:place] + str(digit) + good[place + 1 :]

        if changed == good:
            return
        with pytest.raises(CitizenNumberInvalid):
            parse_citizen_number(changed, today=TODAY)


class TestWhatIsSeen:
    def test_printing_shows_the_masked_form_only(self):
        number = parse_citizen_number("211381196503150011", today=TODAY)

        assert str(number) == repr(number) == "CitizenNumber(211381********0011)"

    def test_knows_birth_sex_and_region(self):
        number = parse_citizen_number("211381196503150011", today=TODAY)

        assert (number.born_on, number.sex, number.county) == (date(1965, 3, 15), "male", "211381")

    def test_a_name_shows_its_first_character(self):
        assert masked_name("王某某") == "王*"


class TestKeyedIdentity:
    def test_is_the_same_for_the_same_number_and_another_under_another_key(self):
        number = parse_citizen_number("211381196503150011", today=TODAY)

        assert person_id_of(number, person_key=KEY) == person_id_of(number, person_key=KEY)
        assert person_id_of(number, person_key=KEY) != person_id_of(number, person_key=b"x" * 32)

    def test_the_look_up_hash_is_not_the_person_id(self):
        number = parse_citizen_number("211381196503150011", today=TODAY)

        assert number_hash_of(number, person_key=KEY)[:32] != person_id_of(number, person_key=KEY).hex

    def test_the_name_check_ignores_spaces_width_and_kind_of_dot(self):
        person = person_id_of(parse_citizen_number("211381196503150011", today=TODAY), person_key=KEY)

        assert name_check_of(person, "阿依 古丽・买买提", person_key=KEY) == name_check_of(
            person, "阿依古丽·买买提", person_key=KEY
        )
        assert normalised_name(" 王 某 ") == "王某"
        assert name_check_of(person, "王某", person_key=KEY) != name_check_of(person, "王莫", person_key=KEY)
