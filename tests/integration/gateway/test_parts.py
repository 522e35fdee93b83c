"""Parts of the door at their edges: what overflows, what is missing, what is changed behind their back."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import ValidationError

from common.kit.clock import utc_now
from common.kit.migrations import downgrade, upgrade
from common.kit.problems import MalformedBody, UpstreamUnavailable
from gateway.adapters import secret as secret_part
from gateway.adapters.audit_log import AuditLog
from gateway.adapters.secret import SecretChecker, hash_secret, proves
from gateway.adapters.signing_keys import SigningKeys
from gateway.adapters.tables import audit_metadata, metadata
from gateway.adapters.upstream import Asked, Upstreams
from gateway.domain.rate_limit import RateLimited
from gateway.domain.trail import AuditEntry
from gateway.settings import Settings

KEY = "5a" * 32


class TestSecretChecker:
    async def test_sends_away_what_would_pile_up(self, monkeypatch):
        monkeypatch.setattr(secret_part, "MOST_WAITING", 1)
        checker, hashes = SecretChecker(), [hash_secret("right")]

        answers = await asyncio.gather(*(checker.check("a", "wrong", hashes) for _ in range(3)), return_exceptions=True)

        assert answers[0] is False
        assert all(isinstance(answer, RateLimited) for answer in answers[1:])

    async def test_remembers_a_bounded_number_and_asks_the_live_hashes_still(self, monkeypatch):
        monkeypatch.setattr(secret_part, "MOST_REMEMBERED", 1)
        checker, first, second = SecretChecker(), hash_secret("one"), hash_secret("two")
        assert await checker.check("a", "one", [first])
        assert await checker.check("b", "two", [second])

        assert await checker.check("b", "two", [second])
        assert not await checker.check("b", "two", [first])
        assert len(checker._proved) == 1

    def test_takes_a_hash_of_another_kind_for_no_proof(self):
        assert proves("x", ["plain text", hash_secret("x")]) is not None
        assert proves("x", ["plain text"]) is None


class TestSigningKeys:
    async def test_cannot_sign_before_there_is_a_key(self, fresh_database):
        keys = SigningKeys(await fresh_database("gateway"), data_key=bytes(32), clock=utc_now)

        with pytest.raises(UpstreamUnavailable):
            await keys.sign({})
        assert await keys.key_set() == {"keys": []}


class TestAuditLog:
    async def test_goes_on_when_a_caller_gave_up_waiting(self, fresh_database):
        log = AuditLog(await fresh_database("gateway"))
        entry = AuditEntry(utc_now(), "a", "GET", "/v1/x", {}, 200, "r")
        impatient = asyncio.create_task(log.add(entry))
        await asyncio.sleep(0)
        impatient.cancel()

        await log.add(entry)
        await log.close()

        async with log._database.engine.connect() as connection:
            count = await connection.exec_driver_sql("SELECT count(*) FROM audit.audit_entry")
            assert count.scalar_one() == 2


class TestUpstreams:
    @pytest.mark.parametrize(
        "changes", [{"headers": [(b"x-a", b"a\nb")]}, {"path": "/" + "x" * 70_000}, {"headers": [(b"a b", b"c")]}]
    )
    async def test_names_a_request_that_http_does_not_allow(self, changes):
        upstreams = Upstreams({"settlement": "http://127.0.0.1:1/"}, timeout_seconds=1)
        asked = {"service": "settlement", "method": "GET", "path": "/v1/x", "query": "", "headers": [], "body": b""}

        with pytest.raises((MalformedBody, UpstreamUnavailable)):
            await upstreams.ask(Asked(**{**asked, **changes}))
        await upstreams.close()


class TestSettings:
    @pytest.mark.parametrize("data_key", ["", "5a", "no hex" * 10])
    def test_refuse_a_key_that_is_none(self, data_key):
        with pytest.raises(ValidationError, match="32 bytes"):
            Settings(database_url="postgresql+asyncpg://x/y", data_key=data_key)

    def test_name_only_the_services_that_have_an_address(self):
        settings = Settings(database_url="postgresql+asyncpg://x/y", data_key=KEY, identity_url="http://i")

        assert settings.upstreams == {"identity": "http://i"}


def only_audit(name, kind, _parents):
    return kind != "schema" or name == "audit"


class TestMigrations:
    @pytest.mark.parametrize(
        ("tables", "options"),
        [(metadata, {}), (audit_metadata, {"include_schemas": True, "include_name": only_audit})],
        ids=["business", "audit"],
    )
    async def test_make_what_the_tables_say(self, fresh_database, tables, options):
        database = await fresh_database("gateway")

        async with database.engine.connect() as connection:
            found = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), tables)
            )

        assert found == []

    async def test_go_back_and_forth(self, fresh_database):
        database = await fresh_database("gateway")

        await asyncio.to_thread(downgrade, "gateway", database.url)
        await asyncio.to_thread(upgrade, "gateway", database.url)

        await database.ping()
