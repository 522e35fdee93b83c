"""What the home office sends for a stay elsewhere (回乡报销申请): the main call's form, its papers, the hospital.

Room: api of settlement. Next hop: services/settlement/domain/discharge.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from common.kit.fields import CodeText, FlagField, RequestModel, ShortText
from services.settlement.api.schemas import DischargeIn
from services.settlement.domain.discharge import Claim, Discharge, StatedInstitution
from services.settlement.domain.vocabulary import Region


class StatedInstitutionIn(RequestModel):
    """A hospital that the county's table does not list, as the home office describes it."""

    name: ShortText
    level: CodeText
    region: Literal["inside", "prefecture", "province", "outside"]
    kind: CodeText = "general"
    designated: FlagField


class ClaimIn(DischargeIn):
    """A stay elsewhere that the patient has paid: the main call's body with the office's papers."""

    document: Annotated[ShortText, Field(description="Number of the office's file with invoice and papers")]
    institution: Annotated[
        StatedInstitutionIn | None, Field(description="The hospital, where the county's table does not list it")
    ] = None

    def discharge(self) -> Discharge:
        """Return the domain's discharge with what makes it a claim."""
        said = self.institution
        stated = said and StatedInstitution(said.name, said.level, Region(said.region), said.kind, said.designated)
        return replace(super().discharge(), claim=Claim(self.document, stated or None))
