"""Which daily job went through on which China day, so that a restart does not run it again.

Room: adapters of monitoring.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.monitoring.adapters.tables import day_done


async def is_done(connection: AsyncConnection, job: str, *, day: date) -> bool:
    """Say whether the job went through on that day or a later one."""
    query = select(day_done.c.job).where(day_done.c.job == job, day_done.c.done_on >= day)
    return (await connection.execute(query)).one_or_none() is not None


async def mark_done(connection: AsyncConnection, job: str, *, day: date) -> None:
    """Note that the job went through."""
    done = upsert(day_done).values(job=job, done_on=day)
    await connection.execute(
        done.on_conflict_do_update(index_elements=["job"], set_={"done_on": done.excluded.done_on})
    )
