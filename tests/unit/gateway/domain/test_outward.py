"""What leaves the door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.outward import (
    CursorExpired,
    FieldRule,
    Purpose,
    check_reach,
    kept_since,
    project,
    structured_event,
)

RULE = FieldRule(withheld=("name_check",), diagnosis=("diagnoses",))
DATA = {"county": "211381", "name_check": "secret", "diagnoses": ["I63.9"], "total_fen": 1}
PLAIN = Purpose("211381", sees_diagnosis=False)
MEDICAL = Purpose("211381", sees_diagnosis=True)


class TestProject:
    def test_hides_diagnosis_from_whom_it_does_not_concern(self):
        assert project(data=DATA, rule=RULE, purpose=PLAIN) == {"county": "211381", "total_fen": 1}

    def test_shows_diagnosis_with_the_purpose_and_never_what_is_withheld(self):
        shown = project(data=DATA, rule=RULE, purpose=MEDICAL)

        assert shown == {"county": "211381", "diagnoses": ["I63.9"], "total_fen": 1}


class TestStructuredEvent:
    def test_keeps_order_and_trace_and_drops_what_is_ours(self):
        headers = {
            "ce_specversion": "1.0",
            "ce_id": "1",
            "ce_sequence": "0000000000000000001",
            "ce_correlationid": "request-1",
            "ce_causationid": "inside",
            "content-type": "application/json",
        }

        event = structured_event(headers=headers, data=DATA, rule=RULE, purpose=PLAIN)

        assert event == {
            "specversion": "1.0",
            "id": "1",
            "sequence": "0000000000000000001",
            "correlationid": "request-1",
            "datacontenttype": "application/json",
            "data": {"county": "211381", "total_fen": 1},
        }


class TestCheckReach:
    @pytest.mark.parametrize("after", [10, 11])
    def test_lets_a_cursor_pass_from_which_nothing_is_gone(self, after):
        check_reach(after=after, pruned_to=10)

    def test_refuses_a_cursor_behind_which_something_is_gone(self):
        with pytest.raises(CursorExpired) as refusal:
            check_reach(after=9, pruned_to=10)

        assert refusal.value.facts["first_position"] == 10


class TestKeptSince:
    def test_is_more_than_thirteen_months_ago(self):
        assert kept_since(now=datetime(2017, 10, 1, tzinfo=UTC)) < datetime(2016, 9, 1, tzinfo=UTC)
