"""The person as monitoring knows them."""

from uuid import UUID

from services.monitoring.domain.person import Person, met, registered

UNKNOWN = Person(UUID(int=1), "211381")


class TestPerson:
    def test_takes_a_township_from_a_discharge_until_identity_tells_one(self):
        known = registered(UNKNOWN, county="211381", township="211381101")

        assert met(UNKNOWN, township="211381102").township == "211381102"
        assert met(UNKNOWN, township=None) == UNKNOWN
        assert met(known, township="211381102") == known

    def test_keeps_its_township_where_identity_tells_none(self):
        guessed = met(UNKNOWN, township="211381102")

        assert registered(guessed, county="211381", township=None).township == "211381102"
