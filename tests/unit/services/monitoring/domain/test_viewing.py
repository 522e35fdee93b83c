"""A bureau sees its county, a township its own people."""

import pytest

from services.monitoring.domain.viewing import BoundNowhere, Viewer, viewer_of

BUREAU = Viewer("b", "211381")
TOWNSHIP = Viewer("t", "211381", "211381101")


class TestViewer:
    @pytest.mark.parametrize(
        ("viewer", "county", "townships", "sees"),
        [
            (BUREAU, "211381", (None,), True),
            (BUREAU, "522632", (None,), False),
            (TOWNSHIP, "211381", ("211381102", "211381101"), True),
            (TOWNSHIP, "211381", (None, "211381102"), False),
            (TOWNSHIP, "522632", ("211381101",), False),
        ],
    )
    def test_sees_its_own_only(self, viewer, county, townships, sees):
        assert viewer.may_see(county=county, townships=townships) is sees

    def test_lies_in_the_county_its_township_begins_with(self):
        assert viewer_of(client_id="t", county=None, township="211381101") == TOWNSHIP

    def test_is_nobody_without_a_place(self):
        with pytest.raises(BoundNowhere):
            viewer_of(client_id="x", county=None, township=None)
