"""Which clients make sense."""

from __future__ import annotations

import pytest

from gateway.domain.client import Client, ClientIllFormed, check_client, is_client_id, scopes_of
from gateway.domain.demo_client import HOSPITALS, demo_clients, service_client


def a_client(**changes):
    given = {"client_id": "county-bureau", "scopes": scopes_of("funds"), "county": "211381"}
    return Client(**{**given, **changes})


class TestCheckClient:
    @pytest.mark.parametrize(
        "client",
        [
            a_client(),
            a_client(scopes=scopes_of("his"), institution_code="H21138100001"),
            a_client(scopes=scopes_of("identity:read"), township="211381101"),
            a_client(scopes=scopes_of("operator"), county=None),
            service_client(service="identity"),
        ],
    )
    def test_takes_a_client_that_makes_sense(self, client):
        assert check_client(client=client) is client

    @pytest.mark.parametrize(
        ("client", "says"),
        [
            (a_client(client_id="A"), "small letters"),
            (a_client(client_id="with space"), "small letters"),
            (a_client(scopes=scopes_of("everything")), "unknown scope everything"),
            (a_client(scopes=scopes_of("service:")), "unknown scope service:"),
            (a_client(scopes=frozenset()), "at least one scope"),
            (a_client(scopes=scopes_of("his")), "institution code belong together"),
            (a_client(institution_code="H21138100001"), "institution code belong together"),
            (a_client(scopes=scopes_of("his"), institution_code="H/1"), "an institution code has"),
            (a_client(county="2113"), "a county has six digits"),
            (a_client(township="2113811"), "a township has nine digits"),
            (a_client(township="522632101"), "six digits of its county"),
            (a_client(county=None), "needs a county"),
            (a_client(scopes=scopes_of("service:identity funds"), county=None), "bound to nothing"),
            (a_client(scopes=scopes_of("service:identity")), "bound to nothing"),
        ],
    )
    def test_refuses_what_does_not_fit_together(self, client, says):
        with pytest.raises(ClientIllFormed, match=says):
            check_client(client=client)


class TestIsClientId:
    @pytest.mark.parametrize("text", ["", "ab", "with\x00nul", "a" * 65, "UPPER-case"])
    def test_refuses_what_no_client_is_called(self, text):
        assert not is_client_id(text)


class TestDemoClients:
    def test_all_make_sense_and_have_names_of_their_own(self):
        clients = demo_clients()

        assert len({check_client(client=client).client_id for client in clients}) == len(clients) == 19

    def test_every_one_names_its_county(self):
        assert {client.county for client in demo_clients()} == set(HOSPITALS)

    def test_townships_hold_what_townships_may_do(self):
        township = next(client for client in demo_clients() if client.client_id == "522632-township-2")

        assert (township.township, township.scope_text) == ("522632102", "contracts identity:read monitoring")
