"""The patient's slip (结算单) as one A5 page of PDF with its own Chinese font, the same bytes for the same slip.

Room: adapters of settlement. Next hop: services/settlement/adapters/slip.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import as_file, files

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode
from fpdf.fonts import TTFFont

from services.settlement.adapters.slip import Slip

_A5_MM = (148, 210)
_MARGIN_MM = 8
_AMOUNT_MM = 28
_MARK_MM = 22
_FONT = "noto"
_FONT_FILE = files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"
_SIZES = (8.5, 7.5, 6.5, 5.5)
_MM_PER_POINT = 25.4 / 72
_LEADING = 1.3
_SHORT = "（计算步骤从略，见电子结算单）"

_Row = tuple[str, str, float]
"""Text, yuan, and how large it stands beside the rest."""


def slip_as_pdf(slip: Slip) -> bytes:
    """Return the page; a slip with many steps is set smaller, and above that without its steps."""
    for size in _SIZES:
        with _sheet(slip) as pdf:
            _draw(pdf, slip, size, has_steps=True)
            if pdf.pages_count == 1:
                return bytes(pdf.output())
    with _sheet(slip) as pdf:
        _draw(pdf, slip, _SIZES[-1], has_steps=False)
        return bytes(pdf.output())


def _draw(pdf: FPDF, slip: Slip, size: float, *, has_steps: bool) -> None:
    _line(pdf, "医疗费用“一站式”结算单", size * 1.4, align="C")
    if slip.is_reversed:
        _line(pdf, "本结算已冲正，作废，不得作为付款凭证", size * 1.3, align="C")
    if slip.correction:
        _line(pdf, slip.correction, size, align="C")
    _heads(pdf, slip, size)
    _amounts(pdf, [(line.text, line.yuan, 1.0) for line in slip.bill], size)
    _amounts(pdf, list(_payers(slip, has_steps=has_steps)), size)
    for sentence in _sentences(slip, has_steps=has_steps):
        _line(pdf, sentence, size * 0.85)
    _mark(pdf, slip, size)


@contextmanager
def _sheet(slip: Slip) -> Iterator[FPDF]:
    """Give an empty page; the library would leave the font's file open."""
    pdf = FPDF(format=_A5_MM)
    pdf.set_creation_date(datetime.fromisoformat(slip.settled_on).replace(tzinfo=UTC))
    pdf.set_title(f"结算单 {slip.record_no}")
    pdf.set_margin(_MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    with as_file(_FONT_FILE) as path:
        pdf.add_font(_FONT, fname=path)
        pdf.add_page()
        try:
            yield pdf
        finally:
            for font in pdf.fonts.values():
                if isinstance(font, TTFFont):
                    font.close()


def _line(pdf: FPDF, text: str, size: float, *, align: str = "L") -> None:
    pdf.set_font(_FONT, size=size)
    height = size * _MM_PER_POINT * _LEADING
    pdf.multi_cell(0, height, text, align=align, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)


def _heads(pdf: FPDF, slip: Slip, size: float) -> None:
    record = f"{slip.record_no}（第 {slip.attempt} 次结算）" if slip.attempt > 1 else slip.record_no
    benefit = f"{slip.class_label}（身份待核）" if slip.is_identity_open else slip.class_label
    rows = [
        ("姓名", slip.name, "身份证号", slip.number),
        ("医疗机构", slip.hospital, "参保地", slip.county),
        ("病案号", record, "出院日期", slip.discharged_on),
        ("待遇类别", benefit, "结算日期", slip.settled_on),
    ]
    _table(pdf, rows, size, widths=(17, 49, 17, 49), aligns=("LEFT",) * 4)


def _amounts(pdf: FPDF, rows: list[_Row], size: float) -> None:
    width = _A5_MM[0] - 2 * _MARGIN_MM - _AMOUNT_MM
    for text, yuan, scale in rows:
        _table(
            pdf, [(text, f"{yuan} 元")], size * scale, widths=(width, _AMOUNT_MM), aligns=("LEFT", "RIGHT"), gap_mm=0
        )
    pdf.ln(1)


def _table(
    pdf: FPDF,
    rows: Sequence[tuple[str, ...]],
    size: float,
    *,
    widths: tuple[int, ...],
    aligns: tuple[str, ...],
    gap_mm: float = 1,
) -> None:
    pdf.set_font(_FONT, size=size)
    with pdf.table(
        col_widths=widths,
        text_align=aligns,
        first_row_as_headings=False,
        borders_layout=TableBordersLayout.ALL,
        line_height=size * _MM_PER_POINT * _LEADING,
        padding=(0.2, 1),
        wrapmode=WrapMode.CHAR,
    ) as table:
        for row in rows:
            table.row(row)
    pdf.ln(gap_mm)


def _payers(slip: Slip, *, has_steps: bool) -> Iterator[_Row]:
    for layer in slip.layers:
        yield f"{layer.label}　{layer.capitals}", layer.paid, 1.0
        for step in layer.steps if has_steps else ():
            yield f"　{step.text}{' ※待确认' if step.is_assumed else ''}", step.yuan, 0.85
    yield f"各项基金合计支付　{slip.fund_capitals}", slip.fund_paid, 1.0
    yield "医院承担", slip.hospital_borne, 1.0
    yield f"个人应付　{slip.patient_capitals}", slip.patient_pays, 1.3
    for line in slip.split:
        yield line.text, line.yuan, 1.0


def _sentences(slip: Slip, *, has_steps: bool) -> Iterator[str]:
    if has_steps:
        yield from slip.sentences
    else:
        yield _SHORT
    if slip.has_assumed:
        yield "※ 标注“待确认”的参数为暂定值，政策文件未载明，以主管部门确认为准。"
    yield f"政策版本：{slip.county} 自 {slip.version_from} 起执行（{slip.digest}）"
    yield f"结算编号：{slip.settlement_id}"


def _mark(pdf: FPDF, slip: Slip, size: float) -> None:
    """Draw the QR code with its code in letters beside it, on the page where both fit."""
    picture = io.BytesIO()
    slip.mark.save(picture, kind="png", scale=4, border=1)
    if pdf.will_page_break(_MARK_MM):
        pdf.add_page()
    top = pdf.get_y()
    pdf.image(picture, x=_MARGIN_MM, y=top, w=_MARK_MM, h=_MARK_MM)
    pdf.set_xy(_MARGIN_MM, top + _MARK_MM / 3)
    pdf.set_left_margin(_MARGIN_MM + _MARK_MM + 2)
    pdf.set_x(_MARGIN_MM + _MARK_MM + 2)
    _line(pdf, "扫码核对本单真伪与金额（不显示个人信息）", size * 0.85)
    _line(pdf, f"验证码：{slip.code}", size * 0.85)
