"""The migrations of every service make exactly the tables that its code describes, and go back."""

import asyncio
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from common.kit.migrations import downgrade, upgrade

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ["identity", "settlement", "contracts", "monitoring"]


def tables_of(service):
    """Every module of tables hangs its tables on one metadata."""
    for path in (ROOT / "services" / service / "adapters").glob("*_tables.py"):
        import_module(f"services.{service}.adapters.{path.stem}")
    return import_module(f"services.{service}.adapters.tables").metadata


async def differences(database, service):
    async with database.engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), tables_of(service)
            )
        )


@pytest.mark.parametrize("service", SERVICES)
async def test_tables_and_migrations_agree(fresh_database, service):
    database = await fresh_database(service)

    assert await differences(database, service) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_go_back_and_forth(fresh_database, service):
    database = await fresh_database(service)

    await asyncio.to_thread(downgrade, service, database.url)
    await asyncio.to_thread(upgrade, service, database.url)

    assert await differences(database, service) == []
