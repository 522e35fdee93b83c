"""What JSON is refused before any model sees it."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kit.problems import MalformedBody
from common.kit.strict_json import parse_strict

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
REFUSED = {
    "no JSON": b"{",
    "an empty body": b"",
    "two values": b"{} {}",
    "invalid UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a duplicate member": b'{"a": 1, "a": 1}',
    "a duplicate member by escape": b'{"a": 1, "\\u0061": 2}',
    "a duplicate member deep inside": b'[{"x": {"a": 1, "a": 2}}]',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "a number that overflows": b"[1e999]",
    "a number of absurd length": b"[0." + b"1" * 50 + b"]",
    "an integer of absurd length": b"[" + b"9" * 5000 + b"]",
    "an integer beyond 64 bits": b"[9223372036854775808]",
    "an integer below 64 bits": b"[-9223372036854775809]",
    "an escaped NUL": b'["\\u0000"]',
    "an escaped NUL in a name": b'{"\\u0000": 1}',
    "a raw NUL": b'["\x00"]',
    "a lone surrogate": b'["\\ud800"]',
    "a lone surrogate in a name": b'{"\\udfff": 1}',
    "33 levels of lists": b"[" * 33 + b"]" * 33,
    "33 levels of objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "a hundred thousand levels": b"[" * 100_000,
    "a comment": b"{} // no",
}


class TestParseStrict:
    @pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
    def test_refuses(self, body: bytes) -> None:
        with pytest.raises(MalformedBody) as refused:
            parse_strict(body)

        assert refused.value.facts["errors"]

    def test_takes_what_lies_just_inside_the_limits(self) -> None:
        body = b"[9223372036854775807, -9223372036854775808, " + b"[" * 31 + b"]" * 31 + b"]"

        value = parse_strict(body)

        assert value[:2] == [2**63 - 1, -(2**63)]

    def test_takes_escapes_of_whole_characters_and_written_backslashes(self) -> None:
        assert parse_strict(b'["\\u738b", "\\ud83d\\ude00", "\\\\u0000"]') == ["王", "😀", "\\u0000"]

    def test_takes_brackets_inside_texts(self) -> None:
        assert parse_strict(b'"' + b"[" * 100 + b'"') == "[" * 100

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
            lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
            max_leaves=20,
        )
    )
    def test_reads_what_any_client_writes(self, value: object) -> None:
        assert parse_strict(json.dumps(value).encode()) == value

    @given(st.binary(max_size=60))
    def test_refuses_or_reads_any_bytes_and_never_fails_otherwise(self, body: bytes) -> None:
        with contextlib.suppress(MalformedBody):
            parse_strict(body)
