"""Which household a list's number means, who joined or left, and where it lies."""

from __future__ import annotations

from uuid import UUID

from common.core.ids import HouseholdId, PersonId
from services.identity.domain.household import (
    HouseholdChange,
    Member,
    NumberedMembers,
    Seat,
    household_changes,
    household_id_of,
    resolve_households,
    seat_of,
)
from tests.unit.services.identity.builders import (
    COUNTY,
    DABAN,
    HOME,
    OTHER_HOME,
    PERSON,
    SHANGYUAN,
    a_place,
    an_archive,
)

SPOUSE = PersonId(UUID(int=2))
SOURCE = "civil_affairs"


def resolve(
    *groups: NumberedMembers,
    known: dict[str, HouseholdId] | None = None,
    lived_in: dict[PersonId, HouseholdId] | None = None,
    claimed: set[HouseholdId] | None = None,
) -> dict[str, HouseholdId]:
    return resolve_households(
        numbered=groups,
        known=known or {},
        lived_in=lived_in or {},
        claimed=claimed or set(),
        county=COUNTY,
        source=SOURCE,
    )


class TestResolveHouseholds:
    def test_knows_a_number_met_before(self) -> None:
        assert resolve(NumberedMembers("M1", (PERSON,)), known={"M1": HOME}) == {"M1": HOME}

    def test_adopts_the_household_in_which_the_members_live(self) -> None:
        assert resolve(NumberedMembers("M1", (PERSON, SPOUSE)), lived_in={PERSON: HOME}) == {"M1": HOME}

    def test_makes_a_new_one_where_members_live_in_two(self) -> None:
        lived_in = {PERSON: HOME, SPOUSE: OTHER_HOME}

        found = resolve(NumberedMembers("M1", (PERSON, SPOUSE)), lived_in=lived_in)

        assert found == {"M1": household_id_of(county=COUNTY, source=SOURCE, household_no="M1")}

    def test_makes_a_new_one_where_another_number_of_the_source_claims_the_old(self) -> None:
        found = resolve(
            NumberedMembers("M1", (PERSON,)), NumberedMembers("M2", (SPOUSE,)), lived_in={PERSON: HOME, SPOUSE: HOME}
        )

        assert found == {"M1": HOME, "M2": household_id_of(county=COUNTY, source=SOURCE, household_no="M2")}
        assert resolve(NumberedMembers("M1", (PERSON,)), lived_in={PERSON: HOME}, claimed={HOME})["M1"] != HOME


class TestHouseholdChanges:
    def test_names_who_joined_and_who_left(self) -> None:
        before = an_archive()
        after = an_archive(place=a_place(household_id=OTHER_HOME))

        changes = household_changes(before={PERSON: before}, after={PERSON: after})

        assert changes == [
            HouseholdChange(HOME, left=[PERSON]),
            HouseholdChange(OTHER_HOME, joined=[PERSON]),
        ]

    def test_names_a_household_whose_member_only_moved(self) -> None:
        after = an_archive(place=a_place(township=SHANGYUAN))

        assert household_changes(before={PERSON: an_archive()}, after={PERSON: after}) == [HouseholdChange(HOME)]

    def test_is_silent_where_nothing_changed(self) -> None:
        assert household_changes(before={PERSON: an_archive()}, after={PERSON: an_archive()}) == []

    def test_counts_the_first_household_as_joined(self) -> None:
        before = an_archive(place=a_place(household_id=None))

        changes = household_changes(before={PERSON: before}, after={PERSON: an_archive()})

        assert changes == [HouseholdChange(HOME, joined=[PERSON])]


class TestSeatOf:
    def test_lies_where_the_head_lives(self) -> None:
        members = [
            Member(PERSON, HOME, is_head=False, township=DABAN, village="大板村"),
            Member(SPOUSE, HOME, is_head=True, township=SHANGYUAN, village="上园村"),
        ]

        assert seat_of(members=members) == Seat(SPOUSE, SHANGYUAN, "上园村")

    def test_lies_where_the_first_placed_member_lives_when_nobody_is_head(self) -> None:
        members = [
            Member(PERSON, HOME, is_head=False, township=None, village=None),
            Member(SPOUSE, HOME, is_head=False, township=DABAN, village="大板村"),
        ]

        assert seat_of(members=members) == Seat(None, DABAN, "大板村")

    def test_is_open_for_an_empty_household(self) -> None:
        assert seat_of(members=[]) == Seat()
