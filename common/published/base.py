"""What every published event has in common: unknown fields are ignored, values are checked, nothing may be changed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CountyText = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="County of insurance, six digits")]
TownshipText = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="Township, nine digits")]
Fen = Annotated[int, Field(strict=True, description="Money in whole fen")]


class PublishedEvent(BaseModel):
    """A past and complete fact; carries ids, dates, fen and codes, never names, numbers of people or free text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    county: CountyText
