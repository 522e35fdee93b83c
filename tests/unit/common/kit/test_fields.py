"""Request fields take what the API page says and nothing bent into shape."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from common.core.citizen_number import check_character
from common.kit import fields

FIRST_SEVENTEEN = "21138119650315001"
NUMBER = FIRST_SEVENTEEN + check_character(FIRST_SEVENTEEN)

TAKEN: list[tuple[str, Any, Any]] = [
    ("FenField", 0, 0),
    ("FenField", 5_200_000, 5_200_000),
    ("SignedFenField", -1, -1),
    ("CountField", 3, 3),
    ("FlagField", False, False),
    ("DayField", "2016-02-29", date(2016, 2, 29)),
    ("InstantField", "2016-09-12T02:11:09Z", datetime(2016, 9, 12, 2, 11, 9, tzinfo=UTC)),
    ("DecimalField", "1.005", Decimal("1.005")),
    ("RatioField", "0.85", Decimal("0.85")),
    ("ShortText", "王某", "王某"),
    ("CountyField", "211381", "211381"),
    ("TownshipField", "211381001", "211381001"),
    ("InstitutionField", "H21138100001", "H21138100001"),
    ("CodeText", "I63.9", "I63.9"),
    ("CitizenNumberField", NUMBER.lower(), NUMBER),
]
REFUSED: list[tuple[str, Any]] = [
    ("FenField", -1),
    ("FenField", 1.0),
    ("FenField", "1"),
    ("FenField", True),
    ("FenField", 10**13 + 1),
    ("CountField", 1.0),
    ("FlagField", 1),
    ("FlagField", "yes"),
    ("DayField", 0),
    ("DayField", "2016-02-30"),
    ("DayField", "20160229"),
    ("DayField", "2016-02-29T00:00:00"),
    ("DayField", "２０１６-02-29"),
    ("DayField", None),
    ("InstantField", "2016-09-12T02:11:09"),
    ("InstantField", "2016-09-12T25:11:09Z"),
    ("InstantField", 1473646269),
    ("DecimalField", 1.5),
    ("DecimalField", 1),
    ("DecimalField", "NaN"),
    ("DecimalField", "1e9"),
    ("DecimalField", "-1"),
    ("DecimalField", "١"),
    ("RatioField", "1.01"),
    ("ShortText", ""),
    ("ShortText", "a\x00b"),
    ("ShortText", "x" * 201),
    ("ShortText", 5),
    ("CountyField", "21138"),
    ("CountyField", "２１１３８１"),
    ("CountyField", "211381\n"),
    ("TownshipField", "211381"),
    ("InstitutionField", "H 1"),
    ("CodeText", "-"),
    ("CitizenNumberField", "211381196503150012" if NUMBER[-1] != "2" else "211381196503150013"),
    ("CitizenNumberField", 211381196503150011),
]


@pytest.mark.parametrize(("name", "given", "meant"), TAKEN)
def test_a_field_takes(name: str, given: Any, meant: Any) -> None:
    assert TypeAdapter[Any](getattr(fields, name)).validate_python(given) == meant


@pytest.mark.parametrize(("name", "given"), REFUSED)
def test_a_field_refuses(name: str, given: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Any](getattr(fields, name)).validate_python(given)


class TestRequestModel:
    def test_refuses_a_field_it_does_not_know(self) -> None:
        class Reason(fields.RequestModel):
            reason: fields.ShortText

        with pytest.raises(ValidationError, match="extra_forbidden"):
            Reason.model_validate({"reason": "wrong bill", "reasom": "typo"})
