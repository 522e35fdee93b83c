"""What the tests of who may do what share."""

from collections.abc import Iterator

import pytest

from tests.authority.belongings import Belongings, make_belongings
from tests.conftest import Door, open_door


@pytest.fixture(scope="package")
def door() -> Iterator[Door]:
    """The suite of this folder alone, ended with its last test: an idle one costs the tests that follow."""
    with open_door() as opened:
        yield opened


@pytest.fixture(scope="package")
def belongings(door: Door) -> Belongings:
    """Something of every kind, made for these tests."""
    return make_belongings(door, number=0)
