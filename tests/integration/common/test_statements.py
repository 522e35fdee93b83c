"""Statements of the hot path: inside the unit of work's transaction, or not at all."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.statements import OutsideTransaction, driver_of, fetch, fetch_one
from common.kit.testing import FreshDatabase

CAUSE = Cause("test")
PUT = "INSERT INTO outbox_key (key, last_sequence) VALUES ($1, 1)"
ALL = "SELECT key FROM outbox_key ORDER BY key"


async def keys_in(database: Database) -> list[str]:
    async with database.engine.connect() as connection:
        return [row.key for row in await connection.exec_driver_sql(ALL)]


class TestFetch:
    async def test_names_columns(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database()

        async with database.unit_of_work(CAUSE) as uow:
            row = await fetch_one(uow.connection, "SELECT $1::int AS number", 7)
            nothing = await fetch_one(uow.connection, "SELECT 1 WHERE false")

        assert row is not None
        assert row.number == 7
        assert nothing is None
        with pytest.raises(AttributeError, match="absent"):
            _ = row.absent

    async def test_shares_one_transaction_with_sqlalchemy(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database()

        async with database.unit_of_work(CAUSE) as uow:
            await fetch(uow.connection, PUT, "a")
            await uow.connection.exec_driver_sql(PUT, ("b",))
            seen = [row.key for row in await fetch(uow.connection, ALL)]
            outside = await keys_in(database)

        assert (seen, outside) == (["a", "b"], [])
        assert await keys_in(database) == ["a", "b"]

    async def test_refuses_a_connection_without_a_transaction(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database()

        async with database.engine.connect() as connection:
            with pytest.raises(OutsideTransaction):
                await fetch(connection, PUT, "a")

        assert await keys_in(database) == []


class TestUnitOfWork:
    async def test_leaves_nothing_behind_when_the_work_fails_either_way(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database()

        for way in ("driver", "sqlalchemy"):
            with pytest.raises(ZeroDivisionError):
                async with database.unit_of_work(CAUSE) as uow:
                    if way == "driver":
                        await fetch(uow.connection, PUT, way)
                    else:
                        await uow.connection.exec_driver_sql(PUT, (way,))
                    raise ZeroDivisionError

        assert await keys_in(database) == []

    async def test_leaves_nothing_behind_when_a_statement_fails(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database()

        with pytest.raises(asyncpg.UniqueViolationError):
            async with database.unit_of_work(CAUSE) as uow:
                await fetch(uow.connection, PUT, "a")
                await fetch(uow.connection, PUT, "a")

        assert await keys_in(database) == []

    async def test_does_not_give_a_lost_connection_to_the_next_one(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database(pool_size=1)

        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            async with database.unit_of_work(CAUSE) as uow:
                await fetch(uow.connection, "SELECT pg_terminate_backend(pg_backend_pid())")

        for key in ("a", "b", "c"):
            async with database.unit_of_work(CAUSE) as uow:
                await fetch(uow.connection, PUT, key)
        assert await keys_in(database) == ["a", "b", "c"]

    async def test_survives_being_cancelled_in_the_middle_of_a_statement(self, fresh_database: FreshDatabase) -> None:
        database = await fresh_database(pool_size=1)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), database.unit_of_work(CAUSE) as uow:
                await fetch(uow.connection, PUT, "cancelled")
                await fetch(uow.connection, "SELECT pg_sleep(30)")

        async with database.unit_of_work(CAUSE) as uow:
            assert driver_of(uow.connection).is_in_transaction()
            await fetch(uow.connection, PUT, "after")
        assert await keys_in(database) == ["after"]
