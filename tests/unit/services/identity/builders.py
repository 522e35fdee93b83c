"""Made-up rows, archives and counties for the unit tests of identity."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from common.core.citizen_number import CitizenNumber, check_character
from common.core.ids import HouseholdId, PersonId, TownshipCode
from common.core.money import Money
from common.core.period import Period
from services.identity.domain.archive import BY_LIST, ArchivedPerson, Place
from services.identity.domain.county import CountyRules, Township, VerificationLine
from services.identity.domain.decision import NamedRow
from services.identity.domain.entitlement import Statement
from services.identity.domain.roster import RosterRow, RosterTerms

COUNTY = "211381"
NOW = datetime(2016, 9, 12, 2, tzinfo=UTC)
TODAY = date(2016, 9, 12)
PERSON = PersonId(UUID(int=1))
HOME = HouseholdId(UUID(int=100))
OTHER_HOME = HouseholdId(UUID(int=101))
DABAN, SHANGYUAN = TownshipCode("211381103"), TownshipCode("211381104")


def a_number(order: int = 1) -> CitizenNumber:
    seventeen = f"{COUNTY}19650315{order:03d}"
    return CitizenNumber(seventeen + check_character(seventeen))


def a_county(**fields: Any) -> CountyRules:
    usual: dict[str, Any] = {
        "county": COUNTY,
        "townships": (
            Township(DABAN, ("大板镇",), Period(date(2010, 1, 1))),
            Township(TownshipCode("211381199"), ("旧乡",), Period(date(2010, 1, 1), date(2015, 1, 1))),
        ),
        "category_names": {"低保": "allowance_recipient", "特困": "destitute"},
        "precedence": ("registered_poor", "destitute", "allowance_recipient"),
        "household_register": "poverty_relief",
        "verification_lines": (
            VerificationLine(Period(date(2010, 1, 1), date(2016, 7, 1)), Money(600_000), 7),
            VerificationLine(Period(date(2016, 7, 1)), Money(1_000_000), 5),
        ),
    }
    return CountyRules(**{**usual, **fields})


def terms_of(**fields: Any) -> RosterTerms:
    usual: dict[str, Any] = {
        "county": COUNTY,
        "source": "poverty_relief",
        "kind": "full",
        "as_of": date(2016, 9, 10),
    }
    return RosterTerms(**{**usual, **fields})


def a_row(row_no: int = 2, **fields: Any) -> RosterRow:
    number = fields.get("number", a_number())
    usual: dict[str, Any] = {
        "row_no": row_no,
        "household_no": "A1",
        "name": "王某",
        "number_text": number.value if number else "",
        "number": number,
        "category": "registered_poor",
        "relation": "户主",
        "township": DABAN,
        "village": "大板村",
        "phone": "139",
        "recognised_on": None,
    }
    return RosterRow(**{**usual, **fields})


def named(row: RosterRow | None = None, **fields: Any) -> NamedRow:
    chosen = row or a_row()
    usual: dict[str, Any] = {
        "row": chosen,
        "person_id": PERSON,
        "name_check": f"check of {chosen.name}",
        "household_id": HOME,
    }
    return NamedRow(**{**usual, **fields})


def a_place(**fields: Any) -> Place:
    usual: dict[str, Any] = {
        "household_id": HOME,
        "relation": "户主",
        "is_head": True,
        "township": DABAN,
        "village": "大板村",
        "phone": "139",
    }
    return Place(**{**usual, **fields})


def an_archive(**fields: Any) -> ArchivedPerson:
    usual: dict[str, Any] = {
        "person_id": PERSON,
        "county": COUNTY,
        "version": 1,
        "known_by": BY_LIST,
        "name": "王某",
        "name_check": "check of 王某",
        "named_by": "poverty_relief",
        "named_as_of": date(2016, 8, 10),
        "place": a_place(),
        "placed_by": "poverty_relief",
        "placed_as_of": date(2016, 8, 10),
        "entitlements": (a_statement(),),
    }
    return ArchivedPerson(**{**usual, **fields})


def a_statement(**fields: Any) -> Statement:
    usual: dict[str, Any] = {
        "entitlement_id": UUID(int=500),
        "version": 1,
        "person_id": PERSON,
        "county": COUNTY,
        "category": "registered_poor",
        "source": "poverty_relief",
        "effective_from": date(2016, 1, 5),
        "effective_to": None,
        "list_date": date(2016, 8, 10),
        "known_since": datetime(2016, 8, 12, tzinfo=UTC),
    }
    return Statement(**{**usual, **fields})
