"""Migrations of every database by one command: `python -m common.kit.migrations upgrade identity|...|all`.

The address comes from `DATABASE_URL` for one service and from `<NAME>_DATABASE_URL` for `all`. Every migration runs
with a lock and a statement timeout, so that a busy table makes it fail instead of making the service wait.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from common.kit.editions import lower_kit_tables, raise_kit_tables
from common.kit.names import SERVICES

ROOT = Path(__file__).resolve().parents[2]
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "60s"


def config_for(section: str, url: str) -> Config:
    """Return Alembic's configuration of one section of alembic.ini with the address put in."""
    config = Config(str(ROOT / "alembic.ini"), ini_section=section)
    location = config.get_section_option(section, "script_location") or ""
    config.set_main_option("script_location", str(ROOT / location))
    config.attributes["url"] = url
    return config


def upgrade(section: str, url: str, revision: str = "head") -> None:
    """Bring one database to the revision; runs its own event loop, so call it outside of one."""
    command.upgrade(config_for(section, url), revision)


def downgrade(section: str, url: str, revision: str = "base") -> None:
    """Take one database back to the revision."""
    command.downgrade(config_for(section, url), revision)


def head_of(section: str) -> str | None:
    """Return the newest revision of a section, as in the files."""
    return ScriptDirectory.from_config(
        config_for(section, "postgresql+asyncpg://nobody@localhost/none")
    ).get_current_head()


def run_environment(metadata: MetaData) -> None:
    """Do the work of a service's `migrations/env.py`."""
    url = context.config.attributes["url"]
    asyncio.run(_run(url, metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    connection.commit()
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


def create_kit_tables(op: Operations) -> None:
    """Create the first edition of the kit's tables; called by the first migration of every service."""
    raise_kit_tables(op, 1)


def drop_kit_tables(op: Operations) -> None:
    """Drop the first edition again."""
    lower_kit_tables(op, 1)


def _address(name: str, *, alone: bool) -> str:
    variable = "DATABASE_URL" if alone else f"{name.upper()}_DATABASE_URL"
    url = os.environ.get(variable, "")
    if not url:
        sys.exit(f"{variable} is not set; it names the {name} database as postgresql+asyncpg://user:password@host/db")
    return url


def main() -> None:
    """Read the command line and migrate."""
    parser = argparse.ArgumentParser(prog="python -m common.kit.migrations", description=__doc__)
    parser.add_argument("action", choices=["upgrade", "downgrade"])
    parser.add_argument("service", choices=[*SERVICES, "all"])
    arguments = parser.parse_args()
    act = upgrade if arguments.action == "upgrade" else downgrade
    for name in SERVICES if arguments.service == "all" else (arguments.service,):
        act(name, _address(name, alone=arguments.service != "all"))
        sys.stdout.write(f"{name}: {arguments.action} done\n")


if __name__ == "__main__":
    main()
