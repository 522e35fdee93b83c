"""Field types of requests: each refuses what pydantic would bend into shape (it takes the number 0 for a day)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from common.core.citizen_number import CitizenNumberInvalid, parse_citizen_number
from common.kit.clock import china_date, utc_now

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9]{2}:[0-9]{2})")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_GREATEST_FEN = 10**13
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class RequestModel(BaseModel):
    """A request body or a part of one: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseModel(BaseModel):
    """An answer or a part of one."""

    model_config = ConfigDict(frozen=True)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("day_invalid", "a day is written YYYY-MM-DD and must exist")


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError("instant_invalid", "an instant is written as RFC 3339 with its zone")


def _decimal(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError(
        "decimal_invalid", "a decimal is written as text, digits with at most eight after the point"
    )


def _clean(value: object) -> object:
    if isinstance(value, str) and _CONTROL.search(value):
        raise PydanticCustomError("text_invalid", "a text must not contain control characters")
    return value


def _citizen_number(value: object) -> object:
    """Return the number as 18 characters with a capital X; today's day only tells that nobody is born later."""
    if not isinstance(value, str):
        return value
    try:
        return parse_citizen_number(value, today=china_date(utc_now())).value
    except CitizenNumberInvalid as refusal:
        raise PydanticCustomError(
            "citizen_id_invalid", "not a citizen number: {reason}", {"reason": refusal.reason}
        ) from None


def _text_schema(**keywords: Any) -> WithJsonSchema:  # noqa: ANN401 - JSON schema keywords
    return WithJsonSchema({"type": "string", **keywords})


FenField = Annotated[int, Field(strict=True, ge=0, le=_GREATEST_FEN, description="Money in whole fen, not negative")]
SignedFenField = Annotated[
    int, Field(strict=True, ge=-_GREATEST_FEN, le=_GREATEST_FEN, description="Money in whole fen, of either sign")
]
CountField = Annotated[int, Field(strict=True, ge=0, le=10**9, description="A count, not negative")]
FlagField = Annotated[bool, Field(strict=True)]
DayField = Annotated[date, BeforeValidator(_day), _text_schema(format="date")]
InstantField = Annotated[datetime, BeforeValidator(_instant), _text_schema(format="date-time")]
DecimalField = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    _text_schema(pattern=f"^{_DECIMAL.pattern}$", description="Exact decimal as text, not negative"),
]
RatioField = Annotated[DecimalField, Field(ge=0, le=1), _text_schema(description="Ratio from 0 to 1 as text")]

ShortText = Annotated[str, BeforeValidator(_clean), Field(min_length=1, max_length=200)]
LongText = Annotated[str, BeforeValidator(_clean), Field(min_length=1, max_length=2000)]
CodeText = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$", description="A code of a list")]
RecordNoField = Annotated[
    str, BeforeValidator(_clean), Field(min_length=1, max_length=200, description="The hospital's record number")
]
CountyField = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="County (县区划代码), six digits")]
TownshipField = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="Township (乡镇区划代码), nine digits")]
InstitutionField = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4,32}$", description="Institution code (医疗机构编码)")]
CitizenNumberField = Annotated[
    str, BeforeValidator(_citizen_number), Field(description="Citizen number (公民身份号码), 18 characters")
]
