"""The migrations make exactly the tables that the code describes, and go back."""

from __future__ import annotations

import asyncio
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from common.kit.migrations import downgrade, upgrade
from common.kit.testing import FreshDatabase
from services.monitoring.adapters.tables import metadata


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_tables_and_migrations_agree(fresh_database: FreshDatabase) -> None:
    database = await fresh_database("monitoring")

    async with database.engine.connect() as connection:
        found = await connection.run_sync(differences)

    assert found == []


async def test_migrations_go_back_and_forth(fresh_database: FreshDatabase) -> None:
    database = await fresh_database("monitoring")

    await asyncio.to_thread(downgrade, "monitoring", database.url)
    await asyncio.to_thread(upgrade, "monitoring", database.url)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
