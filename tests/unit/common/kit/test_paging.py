"""Cursors are opaque, signed and good for one list only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kit.paging import CursorInvalid, decode_cursor, encode_cursor, page_of

KEY = b"k" * 32


class TestCursor:
    # A position is of short texts: record numbers, codes, instants; a cursor ends at 1,024 characters.
    @given(st.lists(st.text(max_size=25) | st.integers(-(2**63), 2**63), max_size=4), st.text(max_size=20))
    def test_gives_back_the_position_it_was_made_of(self, position: list[str | int], of: str) -> None:
        assert decode_cursor(encode_cursor(position, key=KEY, of=of), key=KEY, of=of) == position

    @pytest.mark.parametrize("cursor", ["", "x", "=", "字", "AAAA", "A" * 5000, "not base64!"])
    def test_refuses_a_text_that_was_never_given_out(self, cursor: str) -> None:
        with pytest.raises(CursorInvalid):
            decode_cursor(cursor, key=KEY, of="settlements")

    def test_refuses_a_cursor_of_another_list_or_key_or_a_changed_one(self) -> None:
        cursor = encode_cursor(["2016-09-12", 7], key=KEY, of="settlements")

        for changed, key, of in (
            (cursor, KEY, "alerts"),
            (cursor, b"l" * 32, "settlements"),
            (("B" if cursor[0] == "A" else "A") + cursor[1:], KEY, "settlements"),
        ):
            with pytest.raises(CursorInvalid):
                decode_cursor(changed, key=key, of=of)


class TestPageOf:
    def test_points_behind_the_last_item_when_there_are_more(self) -> None:
        items, cursor = page_of([1, 2, 3], limit=2, position_of=lambda item: [item], key=KEY, of="numbers")

        assert items == [1, 2]
        assert cursor is not None
        assert decode_cursor(cursor, key=KEY, of="numbers") == [2]

    def test_has_no_cursor_on_the_last_page(self) -> None:
        assert page_of([1, 2], limit=2, position_of=lambda item: [item], key=KEY, of="numbers") == ([1, 2], None)
