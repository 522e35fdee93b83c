"""OAuth 2 client credentials over HTTP."""

from __future__ import annotations

import asyncio

import jwt
import pytest

from common.kit.cause import Cause
from common.kit.clock import utc_now
from gateway.domain.signing import PUBLISHED_BEFORE
from gateway.usecases.revoke_client import revoke_client
from gateway.usecases.rotate_secret import rotate_secret
from gateway.usecases.rotate_signing_key import rotate_signing_key

SECRET = "a-secret-for-every-client-of-these-tests"
HOSPITAL = "211381-hospital-1"


async def rotate(door, client_id=HOSPITAL):
    async with door.database.unit_of_work(Cause("test")) as uow:
        return await rotate_secret(uow=uow, client_id=client_id, now=utc_now())


async def revoke(door, client_id=HOSPITAL):
    async with door.database.unit_of_work(Cause("test")) as uow:
        await revoke_client(uow=uow, client_id=client_id, now=utc_now())


class TestGiveToken:
    async def test_gives_a_hospital_a_token_with_its_binding(self, door):
        answer = await door.ask_token(HOSPITAL)

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "his")
        claims = jwt.decode(told["access_token"], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 600
        assert (claims["client_id"], claims["institution_code"]) == (HOSPITAL, "H21138100001")

    async def test_takes_the_credentials_in_the_form_too(self, door):
        form = {"grant_type": "client_credentials", "client_id": HOSPITAL, "client_secret": SECRET}

        answer = await door.client.post("/oauth/token", data=form)

        assert answer.status_code == 200

    async def test_gives_fewer_scopes_when_fewer_are_asked_for(self, door):
        answer = await door.ask_token("211381-bureau-identity", scope="identity:read")

        assert answer.json()["scope"] == "identity:read"

    async def test_signs_with_a_key_of_the_key_set_which_tells_public_halves_only(self, door):
        token = await door.token(HOSPITAL)

        keys = (await door.client.get("/.well-known/jwks.json")).json()["keys"]

        assert [key["kid"] for key in keys] == [jwt.get_unverified_header(token)["kid"]]
        assert set(keys[0]) == {"kty", "crv", "x", "kid", "use", "alg"}

    async def test_answers_fifty_clients_at_once(self, door):
        answers = await asyncio.gather(*(door.ask_token(HOSPITAL) for _ in range(50)))

        assert {answer.status_code for answer in answers} == {200}


class TestRefusedToken:
    async def test_looks_the_same_whatever_was_wrong_with_the_client(self, door):
        await revoke(door, "522632-hospital-1")
        wrong = [("nobody-at-all", "x"), (HOSPITAL, "x"), ("522632-hospital-1", "x"), ("", ""), ("a\x00b-c", "x")]

        answers = [await door.ask_token(client_id, secret) for client_id, secret in wrong]
        answers.append(await door.ask_token("522632-hospital-1"))

        told = [{**answer.json(), "trace_id": ""} for answer in answers]
        assert all(each == told[0] for each in told)
        assert {answer.status_code for answer in answers} == {401}
        assert (told[0]["code"], told[0]["error"]) == ("client_invalid", "invalid_client")

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({"grant_type": ""}, "invalid_request"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"scope": "operator"}, "invalid_scope"),
        ],
    )
    async def test_says_in_oauths_words_what_the_request_lacks(self, door, form, error):
        answer = await door.ask_token(HOSPITAL, **form)

        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["error"]) == ("grant_invalid", error)

    async def test_has_a_problem_for_an_empty_request(self, door):
        answer = await door.client.post("/oauth/token")

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("authorization", ["Basic", "Basic %%%", "Basic \xff", "Basic YQ==", "Digest x"])
    async def test_takes_broken_credentials_for_a_client_that_proves_nothing(self, door, authorization):
        headers = {"Authorization": authorization.encode("latin-1")}

        answer = await door.client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)

        assert answer.status_code == 401

    @pytest.mark.parametrize(
        ("request_parts", "status"),
        [
            ({"json": {"grant_type": "client_credentials"}}, 415),
            ({"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
            ({"files": {"client_id": b"x"}}, 422),
            ({"content": b"a" * 70_000}, 413),
        ],
    )
    async def test_never_fails_on_a_body_of_another_kind(self, door, request_parts, status):
        answer = await door.client.post("/oauth/token", **request_parts)

        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_bears_a_secret_of_absurd_length(self, door):
        answer = await door.ask_token(HOSPITAL, "x" * 20_000)

        assert answer.status_code == 401


class TestRotation:
    async def test_leaves_two_secrets_alive_and_ends_the_third(self, door):
        second = await rotate(door)
        assert [(await door.ask_token(HOSPITAL, s)).status_code for s in (SECRET, second)] == [200, 200]

        third = await rotate(door)

        answers = [await door.ask_token(HOSPITAL, s) for s in (SECRET, second, third)]
        assert [answer.status_code for answer in answers] == [401, 200, 200]

    async def test_of_the_signing_key_leaves_living_tokens_good(self, door):
        old = await door.bearer("211381-subscriber")
        async with door.database.unit_of_work(Cause("test")) as uow:
            await rotate_signing_key(uow=uow, data_key=door.settings.data_key_bytes, now=door.clock())
        door.clock.ahead = PUBLISHED_BEFORE.total_seconds() + 6

        new = await door.bearer("211381-subscriber")

        kids = {jwt.get_unverified_header(each["Authorization"][7:])["kid"] for each in (old, new)}
        assert len(kids) == len((await door.client.get("/.well-known/jwks.json")).json()["keys"]) == 2
        for each in (old, new):
            assert (await door.client.get("/v1/events", headers=each)).status_code == 200

    async def test_revoking_ends_the_tokens_too(self, door):
        headers = await door.bearer("211381-subscriber")
        assert (await door.client.get("/v1/events", headers=headers)).status_code == 200

        await revoke(door, "211381-subscriber")
        door.app.state.verifier._read_at = float("-inf")

        assert (await door.client.get("/v1/events", headers=headers)).status_code == 401


class TestKeyAtRest:
    async def test_is_sealed_in_the_database(self, door):
        await door.token(HOSPITAL)
        keys = door.app.state.door.issuer.keys
        (key_id, private) = next(iter(keys._opened.items()))

        sealed = keys._keys[key_id].sealed_private_key

        assert private.private_bytes_raw() not in sealed
        assert private.private_bytes_raw().hex().encode() not in sealed


class TestReadiness:
    async def test_is_told_without_a_token(self, door):
        assert (await door.client.get("/healthz")).status_code == 200
        assert (await door.client.get("/readyz")).json()["status"] == "ready"
