"""What a token says."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.domain.client import Client, scopes_of
from gateway.domain.grant import GrantInvalid, check_grant_type, claims_of, client_invalid, granted_scopes

NOW = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
HOSPITAL = Client("211381-hospital-1", scopes_of("his"), institution_code="H21138100001", county="211381")
BUREAU = Client("bureau", scopes_of("identity:read identity:write"), county="211381")


class TestCheckGrantType:
    def test_takes_client_credentials(self):
        check_grant_type(grant_type="client_credentials")

    @pytest.mark.parametrize(
        ("grant_type", "error"),
        [(None, "invalid_request"), ("", "invalid_request"), ("password", "unsupported_grant_type")],
    )
    def test_names_what_is_wrong_as_oauth_does(self, grant_type, error):
        with pytest.raises(GrantInvalid) as refusal:
            check_grant_type(grant_type=grant_type)

        assert refusal.value.facts == {"error": error}


class TestGrantedScopes:
    @pytest.mark.parametrize("requested", [None, "", "  "])
    def test_gives_all_when_nothing_is_asked_for(self, requested):
        assert granted_scopes(client=BUREAU, requested=requested) == BUREAU.scopes

    def test_gives_less_when_less_is_asked_for(self):
        assert granted_scopes(client=BUREAU, requested="identity:read") == {"identity:read"}

    def test_gives_nothing_when_more_is_asked_for(self):
        with pytest.raises(GrantInvalid) as refusal:
            granted_scopes(client=BUREAU, requested="identity:read operator")

        assert refusal.value.facts == {"error": "invalid_scope"}


class TestClaimsOf:
    def test_says_who_for_whom_and_for_ten_minutes(self):
        claims = claims_of(
            client=HOSPITAL, scopes=HOSPITAL.scopes, issuer="yizhan", audience="suite", token_id=UUID(int=7), now=NOW
        )

        assert claims == {
            "iss": "yizhan",
            "aud": "suite",
            "sub": "211381-hospital-1",
            "client_id": "211381-hospital-1",
            "scope": "his",
            "institution_code": "H21138100001",
            "county": "211381",
            "jti": "00000000-0000-0000-0000-000000000007",
            "iat": 1473645600,
            "nbf": 1473645600,
            "exp": 1473646200,
        }


class TestClientInvalid:
    def test_carries_the_error_of_oauth(self):
        assert client_invalid().facts == {"error": "invalid_client"}
