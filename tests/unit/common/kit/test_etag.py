"""Versions travel as strong tags."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from common.kit.etag import IfMatchMissing, StaleVersion, etag_of, version_from


def a_request(**headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": pairs})


class TestVersionFrom:
    def test_reads_what_etag_of_wrote(self) -> None:
        assert version_from(a_request(if_match=etag_of(12))) == 12

    def test_asks_for_the_header(self) -> None:
        with pytest.raises(IfMatchMissing):
            version_from(a_request())

    @pytest.mark.parametrize("tag", ["*", 'W/"3"', "3", '"x"', '""', '"3', '"' + "9" * 30 + '"', '"-1"'])
    def test_matches_nothing_that_is_no_version_of_ours(self, tag: str) -> None:
        with pytest.raises(StaleVersion):
            version_from(a_request(if_match=tag))
