"""Reads the first sheet of an XLSX as lines of text.

openpyxl finds the sheet and the shared texts; the rows themselves are read here, because its cell objects cost four
times as long for a list of fifty thousand rows. The unpacked size is checked before anything is unpacked.
Room: adapters of identity.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException

MOST_UNPACKED_BYTES = 96 * 1024 * 1024
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _VALUE, _TEXT = (_SPACE + name for name in ("row", "v", "t"))
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
)


class XlsxUnreadable(ValueError):
    """The file is no workbook with a sheet."""


class XlsxTooLarge(ValueError):
    """The workbook unpacks to more than is read."""


def xlsx_lines(content: bytes, *, most_columns: int) -> Iterator[list[str]]:
    """Yield the lines of the first sheet; a line left out in the file is an empty one.

    Raises:
        XlsxTooLarge: If it unpacks to more than `MOST_UNPACKED_BYTES`.
        XlsxUnreadable: If it is no workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(archive)
            path, texts = _first_sheet(content)
            with archive.open(path) as sheet:
                yield from _lines(sheet, texts, most_columns)
    except XlsxTooLarge:
        raise
    except _BROKEN as error:
        raise XlsxUnreadable("no workbook with a sheet") from error


def _check_size(archive: zipfile.ZipFile) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MOST_UNPACKED_BYTES:
        raise XlsxTooLarge(f"{unpacked} bytes unpacked")


def _first_sheet(content: bytes) -> tuple[str, Sequence[str]]:
    """Return the path of the first sheet and the texts its cells refer to."""
    with warnings.catch_warnings():
        # openpyxl warns of extensions it does not know; what is read here does not need them.
        warnings.simplefilter("ignore")
        reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            reader.read_manifest()
            reader.read_strings()
            reader.read_workbook()
            _, relation = next(iter(reader.parser.find_sheets()))
        except StopIteration as error:
            raise XlsxUnreadable("no sheet") from error
        finally:
            reader.archive.close()
    return str(relation.target), [str(text) for text in reader.shared_strings]


def _lines(sheet: IO[bytes], texts: Sequence[str], most_columns: int) -> Iterator[list[str]]:
    written = 0
    # Expat since 2.4.1 refuses entities that grow; the unpacked size is bounded besides.
    for _, element in iterparse(sheet, events=("end",)):  # nosec B314  # noqa: S314 - see above
        if element.tag != _ROW:
            continue
        number = int(element.get("r", written + 1))
        for _ in range(written + 1, number):
            yield []
        written = max(number, written + 1)
        yield _line(element, texts, most_columns)
        element.clear()


def _line(row: Element, texts: Sequence[str], most_columns: int) -> list[str]:
    line: list[str] = []
    for cell in row:
        column = _column_of(cell.get("r", ""), len(line))
        if column >= most_columns:
            break
        line.extend([""] * (column - len(line)))
        line.append(_text_of(cell, texts))
    return line


def _column_of(reference: str, following: int) -> int:
    """Return the place of a cell, from its reference or, without one, behind the cell before.

    >>> _column_of("A1", 5), _column_of("AB12", 0), _column_of("", 3)
    (0, 27, 3)
    """
    column = 0
    for character in reference:
        if not character.isalpha():
            break
        column = column * 26 + ord(character) - ord("A") + 1
    return column - 1 if column else following


def _text_of(cell: Element, texts: Sequence[str]) -> str:
    """Return a cell as a person would have typed it; a whole number may be kept as 1.0 or 1E+17."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(_TEXT))
    value = cell.findtext(_VALUE) or ""
    if kind == "s":
        return texts[int(value)] if value else ""
    if kind == "d":
        return value.partition("T")[0]
    return _number_text(value) if kind == "n" else value


def _number_text(value: str) -> str:
    if not value or value.isdecimal():
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() else value
