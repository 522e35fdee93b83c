"""A fund's statement as a file: CSV for any program, XLSX for the bureau's desk.

A text that a spreadsheet would take for a formula is made harmless by an apostrophe before it.
Room: adapters of settlement.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from openpyxl import Workbook

from common.core.money import Money
from common.kit.clock import rfc3339
from services.settlement.adapters.statements import HospitalSums, StatementLine

HEADER = (
    *("row", "booked_at", "entry_id", "kind", "institution_code", "record_no", "settlement_id", "layer"),
    *("amount_fen", "balance_fen", "ledger", "earmarked_fen"),
)
_FORMULA = tuple("=+-@\t\r\n")
_NOT_XML = re.compile("[\ufffe\uffff]")
Cell = str | int


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs.

    >>> harmless("=1+1"), harmless("住院001")
    ("'=1+1", '住院001')
    """
    clean = _NOT_XML.sub("?", text)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA) or clean.startswith(_FORMULA) else clean


def sheet_rows(
    *, opening: Money, closing: Money, lines: Sequence[StatementLine], hospitals: Sequence[HospitalSums]
) -> Iterator[tuple[Cell, ...]]:
    """Give header, opening balance, every line with its balance, closing balance, then one row for each hospital."""
    yield HEADER
    yield _only("opening", balance=opening)
    for line in lines:
        yield (
            "entry",
            rfc3339(line.booked_at),
            str(line.entry_id),
            line.kind,
            harmless(line.institution_code),
            harmless(line.record_no),
            str(line.settlement_id),
            harmless(line.layer),
            line.amount.fen,
            (opening + line.running).fen,
            harmless(line.ledger),
            line.earmarked.fen,
        )
    yield _only("closing", balance=closing)
    for each in hospitals:
        moved = each.booked + each.reversed
        yield _only("hospital", each.institution_code, moved.fen, each.before + moved)


def as_csv(rows: Iterator[tuple[Cell, ...]]) -> bytes:
    """Return the rows as CSV in UTF-8 with the mark that spreadsheets need for Chinese."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterator[tuple[Cell, ...]]) -> bytes:
    """Return the rows as a workbook of one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("statement")
    for row in rows:
        sheet.append(row)
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def _only(row: str, institution_code: str = "", amount: Cell = "", balance: Money | None = None) -> tuple[Cell, ...]:
    empty = ("",) * 3
    balance_fen: Cell = "" if balance is None else balance.fen
    return (row, *empty, harmless(institution_code), *empty, amount, balance_fen, "", "")
