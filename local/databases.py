"""Six databases with six roles on one server: each role owns its database and may not even connect to another."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg
from sqlalchemy import URL, make_url

from common.kit.wake import plain_dsn
from local.keys import DATABASES


class LoginTooWeak(Exception):
    """The login given in DATABASE_URL cannot prepare the databases; the text names what is missing."""


def address(url: str) -> URL:
    """Return an administrator's address in SQLAlchemy's form, whichever prefix it was given with.

    Raises:
        LoginTooWeak: If the text is no PostgreSQL address.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise LoginTooWeak(
            "DATABASE_URL is no PostgreSQL address; it reads postgresql://user:password@host:port/database"
        )
    return make_url(f"postgresql+asyncpg://{rest}")


async def prepare_databases(admin_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Create what is missing and return the address of each database for its own role; repeating it changes nothing.

    Args:
        admin_url: A login that may create databases and roles.
        passwords: Database name (identity, ..., broker) to the password its role gets.

    Raises:
        LoginTooWeak: If the server is out of reach, or the login lacks CREATEDB or CREATEROLE.
    """
    admin = address(admin_url)
    try:
        connection = await asyncpg.connect(plain_dsn(admin.render_as_string(hide_password=False)), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise LoginTooWeak(f"the server at {admin.host}:{admin.port or 5432} does not let us in: {error}") from error
    try:
        await _check_rights(connection, str(admin.username))
        for name in DATABASES:
            await _prepare(connection, f"yizhan_{name}", passwords[name])
    finally:
        await connection.close()
    return {
        name: admin.set(
            username=f"yizhan_{name}", password=passwords[name], database=f"yizhan_{name}"
        ).render_as_string(hide_password=False)
        for name in DATABASES
    }


async def _check_rights(connection: asyncpg.Connection, login: str) -> None:
    rights = await connection.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    wanted = {"CREATEDB": rights["rolcreatedb"], "CREATEROLE": rights["rolcreaterole"]}
    missing = [name for name, held in wanted.items() if not (held or rights["rolsuper"])]
    if missing:
        raise LoginTooWeak(
            f"the login {login} in DATABASE_URL lacks {' and '.join(missing)}; "
            f'an administrator gives it with: ALTER ROLE "{login}" {" ".join(missing)};'
        )


async def _prepare(connection: asyncpg.Connection, name: str, password: str) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if known else "CREATE"
    await _run(connection, f"{verb} ROLE %I LOGIN PASSWORD %L", name, password)
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await _run(connection, "GRANT %I TO CURRENT_USER", name)
    owner = await connection.fetchval("SELECT datdba::regrole::text FROM pg_database WHERE datname = $1", name)
    if owner is None:
        await _run(connection, "CREATE DATABASE %1$I OWNER %1$I TEMPLATE template0 ENCODING 'UTF8'", name)
    elif owner != name:
        raise LoginTooWeak(f"a database {name} exists and belongs to {owner}; we do not touch what is not ours")
    await _run(connection, "REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC", name)


async def _run(connection: asyncpg.Connection, template: str, *values: str) -> None:
    """Run a statement that takes no parameters, its names and texts quoted by the server."""
    places = ", ".join(f"${number}::text" for number in range(2, len(values) + 2))
    await connection.execute(await connection.fetchval(f"SELECT format($1::text, {places})", template, *values))
