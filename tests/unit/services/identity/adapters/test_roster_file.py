"""Files of lists become lines of text."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook

from services.identity.adapters.roster_file import RosterFileUnusable, read_table


def an_xlsx(*rows: list[object]) -> bytes:
    book = Workbook()
    sheet = book.create_sheet("first", 0)
    for row in rows:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_sheet(xml: str) -> bytes:
    """Return a workbook whose first sheet is replaced."""
    source, target = zipfile.ZipFile(io.BytesIO(an_xlsx(["a"]))), io.BytesIO()
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with source, zipfile.ZipFile(target, "w") as archive:
        for entry in source.infolist():
            body = source.read(entry.filename)
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            whole = f'<worksheet xmlns="{space}"><sheetData>{xml}</sheetData></worksheet>'
            archive.writestr(entry.filename, whole if is_sheet else body)
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_keeps_the_number_of_its_lines(encoding: str) -> None:
    table = read_table("姓名,村\n\n王某,大板村\n , \n李某,\n".encode(encoding))

    assert table.header == ["姓名", "村"]
    assert table.lines == [(3, ["王某", "大板村"]), (5, ["李某", ""])]


def test_xlsx_cells_read_as_typed() -> None:
    table = read_table(an_xlsx(["a", "b", "c", "d"], ["王某", 13900000001, datetime(2016, 1, 5), 1.5], [], [None, "x"]))  # noqa: DTZ001 - as a cell has it

    assert table.lines == [(2, ["王某", "13900000001", "42374", "1.5"]), (4, ["", "x"])]


def test_xlsx_of_other_programs_is_read_too() -> None:
    xml = (
        '<row><c t="inlineStr"><is><t>姓</t><t>名</t></is></c><c t="str"><v>村</v></c></row>'
        '<row r="3"><c r="A3" t="d"><v>2016-01-05T00:00:00</v></c><c r="B3"><v>1.39E+10</v></c><c r="C3" t="s"/></row>'
        '<row r="4"><c r="A4" t="b"><v>1</v></c><c r="BM4"><v>1</v></c></row>'
    )

    table = read_table(with_sheet(xml))

    assert table.header == ["姓名", "村"]
    assert table.lines == [(3, ["2016-01-05", "13900000000", ""]), (4, ["1"])]


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="x"><c/></row>',
        "<row>",
        '<row><c t="s"><v>99</v></c></row>',
        "<row><c><v>one</v></c></row>",
        '<row r="1048576"><c t="str"><v>far</v></c></row>',
    ],
)
def test_a_broken_sheet_is_refused(xml: str) -> None:
    with pytest.raises(RosterFileUnusable):
        read_table(with_sheet(xml))
