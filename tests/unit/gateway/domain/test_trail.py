"""What the audit record keeps of a path."""

from __future__ import annotations

import pytest

from gateway.domain.trail import HIDDEN, resource_ids


class TestResourceIds:
    @pytest.mark.parametrize(
        "value", ["8f14e45f-ceea-5a67-b0de-5a1b2c3d4e5f", "medical_assistance", "settlement.discharge_settled.v1"]
    )
    def test_keeps_made_up_ids_and_words_of_ours(self, value):
        assert resource_ids(parameters={"id": value}) == {"id": value}

    @pytest.mark.parametrize("value", ["211381196503150011", "王某", "Wang Mou", "13800000000", "a" * 65, "a b"])
    def test_hides_what_could_be_a_person(self, value):
        assert resource_ids(parameters={"id": value}) == {"id": HIDDEN}
