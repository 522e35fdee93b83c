"""Each role owns its own database and is locked out of every other one."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest
from sqlalchemy import make_url

from common.kit.postgres_server import PostgresServer, throwaway_postgres
from common.kit.wake import plain_dsn
from local.databases import LoginTooWeak, prepare_databases
from local.keys import DATABASES

PASSWORDS = {name: f"made-up-{name}" for name in DATABASES}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of its own: roles belong to a whole server, not to one database."""
    with throwaway_postgres() as running:
        yield running


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class TestPrepareDatabases:
    async def test_gives_each_role_a_database_it_may_fill(self, server: PostgresServer) -> None:
        urls = await prepare_databases(server.url(), PASSWORDS)

        for url in urls.values():
            await execute(url, "CREATE TABLE tried (figure integer); DROP TABLE tried")
        assert set(urls) == set(DATABASES)

    async def test_changes_nothing_when_repeated(self, server: PostgresServer) -> None:
        urls = await prepare_databases(server.url(), PASSWORDS)
        await execute(urls["identity"], "CREATE TABLE IF NOT EXISTS kept (figure integer)")

        assert await prepare_databases(server.url(), PASSWORDS) == urls
        await execute(urls["identity"], "SELECT * FROM kept")

    async def test_locks_a_role_out_of_another_ones_database(self, server: PostgresServer) -> None:
        urls = await prepare_databases(server.url(), PASSWORDS)
        own = make_url(urls["contracts"])
        foreign = own.set(database="yizhan_settlement").render_as_string(hide_password=False)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(foreign, "SELECT 1")

    async def test_works_for_a_login_that_is_no_superuser(self, server: PostgresServer) -> None:
        await execute(server.url(), "CREATE ROLE builder LOGIN PASSWORD 'b' CREATEDB CREATEROLE")
        passwords = {name: f"other-{name}" for name in DATABASES}
        for name in DATABASES:
            await execute(server.url(), f"DROP DATABASE IF EXISTS yizhan_{name}")
            await execute(server.url(), f"DROP ROLE IF EXISTS yizhan_{name}")

        urls = await prepare_databases(server.url(role="builder", password="b"), passwords)
        again = await prepare_databases(server.url(role="builder", password="b"), passwords)

        assert urls == again
        await execute(urls["gateway"], "CREATE TABLE tried (figure integer)")

    async def test_names_the_right_that_a_login_lacks(self, server: PostgresServer) -> None:
        await execute(server.url(), "CREATE ROLE weak LOGIN PASSWORD 'w' CREATEROLE")

        with pytest.raises(LoginTooWeak, match="weak in DATABASE_URL lacks CREATEDB;"):
            await prepare_databases(server.url(role="weak", password="w"), PASSWORDS)

    async def test_says_when_the_server_lets_nobody_in(self, server: PostgresServer) -> None:
        with pytest.raises(LoginTooWeak, match="does not let us in"):
            await prepare_databases(server.url(password="wrong"), PASSWORDS)

    async def test_refuses_a_text_that_is_no_address(self) -> None:
        with pytest.raises(LoginTooWeak, match="no PostgreSQL address"):
            await prepare_databases("mysql://somewhere/else", PASSWORDS)
