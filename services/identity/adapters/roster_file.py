"""Reads a list's file: CSV in UTF-8 (with or without BOM) or GB18030, or XLSX.

Only cells become text here; what they mean is decided in services/identity/domain/roster.py. Rows and columns are
bounded.
Room: adapters of identity.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common.core.errors import Refused
from services.identity.adapters.xlsx_file import XlsxTooLarge, XlsxUnreadable, xlsx_lines

MOST_ROWS = 60_000
MOST_COLUMNS = 64
_ZIP_MAGIC = b"PK\x03\x04"


class RosterFileUnusable(Refused):
    """The file as a whole is no list: neither CSV nor XLSX, without rows, or too large."""

    code = "malformed_body"

    def __init__(self, code: str, detail: str, zh: str) -> None:
        super().__init__(detail, zh=zh, errors=[{"pointer": "#/file", "code": code, "detail": detail}])


@dataclass(frozen=True, slots=True)
class RosterTable:
    """A file as lines of text: the header, and every further line with its number in the file."""

    header: list[str]
    lines: list[tuple[int, list[str]]]


def read_table(content: bytes) -> RosterTable:
    """Return the table of a file; lines without any text are left out.

    Raises:
        RosterFileUnusable: If it is no list.
    """
    numbered = _bounded(_xlsx_lines(content) if content.startswith(_ZIP_MAGIC) else _csv_lines(content))
    header = next(numbered, None)
    if header is None:
        raise RosterFileUnusable("file_empty", "the file has no line with text", "文件没有内容")
    rows = list(numbered)
    if not rows:
        raise RosterFileUnusable("file_empty", "the file has a header and no rows", "文件只有表头，没有数据行")
    return RosterTable(header[1], rows)


def _bounded(lines: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        if number > MOST_ROWS + 1:
            raise RosterFileUnusable("file_too_long", f"more than {MOST_ROWS} rows", f"超过{MOST_ROWS}行")
        if any(cell.strip() for cell in line):
            yield number, line


def _csv_lines(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    if "\x00" in text:
        raise RosterFileUnusable("file_unreadable", "the file is neither CSV nor XLSX", "文件既不是CSV也不是XLSX")
    try:
        for line in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield line[:MOST_COLUMNS]
    except csv.Error as error:
        raise RosterFileUnusable("file_unreadable", f"the CSV cannot be read: {error}", "CSV格式有误") from error


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileUnusable("file_unreadable", "the text is neither UTF-8 nor GB18030", "文字编码既非UTF-8也非GB18030")


def _xlsx_lines(content: bytes) -> Iterator[list[str]]:
    try:
        yield from xlsx_lines(content, most_columns=MOST_COLUMNS)
    except XlsxTooLarge as error:
        raise RosterFileUnusable("file_too_long", "the XLSX unpacks to too much", "XLSX解压后过大") from error
    except XlsxUnreadable as error:
        raise RosterFileUnusable("file_unreadable", "the XLSX cannot be read", "XLSX文件无法读取") from error
