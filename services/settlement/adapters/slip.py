"""The patient's slip (结算单) and its page of HTML: every text from outside is escaped by the template.

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One line with its amount in yuan; `is_assumed` marks a value that a bureau still has to confirm (待确认)."""

    text: str
    yuan: str
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class SlipLayer:
    """One payer: what it paid in yuan, in figures and in capitals, and the steps that led there."""

    label: str
    paid: str
    capitals: str
    steps: Sequence[SlipLine]


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on the page, in the words a patient reads; amounts in yuan, some in capitals (大写) as well."""

    settlement_id: str
    record_no: str
    attempt: int
    hospital: str
    county: str
    settled_on: str
    discharged_on: str
    name: str
    number: str
    class_label: str
    is_identity_open: bool
    is_reversed: bool
    correction: str
    bill: Sequence[SlipLine]
    layers: Sequence[SlipLayer]
    sentences: Sequence[str]
    fund_paid: str
    fund_capitals: str
    hospital_borne: str
    patient_pays: str
    patient_capitals: str
    split: Sequence[SlipLine]
    version_from: str
    digest: str
    code: str
    verify_url: str

    @property
    def has_assumed(self) -> bool:
        """Whether any step read a value that is not confirmed."""
        return any(step.is_assumed for layer in self.layers for step in layer.steps)

    @property
    def mark(self) -> segno.QRCode:
        """The QR code that leads to what was really settled (二维码)."""
        return segno.make_qr(self.verify_url, error="m")

    @property
    def mark_svg(self) -> Markup:
        """The same as a drawing inside the page."""
        return Markup(self.mark.svg_inline(scale=2, border=1))  # noqa: S704 # nosec B704 - squares drawn by the library


def slip_as_html(slip: Slip) -> str:
    """Return the page."""
    return _TEMPLATES.get_template("slip.html").render(slip=slip)
