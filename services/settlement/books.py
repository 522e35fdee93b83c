"""Check and seal the books: `python -m services.settlement.books verify` (or `replay`, `seal`).

`verify` and `replay` end with status 1 when anything does not agree.
Next hop: services/settlement/usecases/verify_books.py
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from common.kit.cause import Cause
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.serve import database_of
from common.kit.settings import load_settings
from services.settlement.adapters.charts import load_charts
from services.settlement.adapters.policy_files import load_policies
from services.settlement.settings import Settings
from services.settlement.usecases.replay_settlements import Replay, replay_settlements
from services.settlement.usecases.seal_days import seal_days
from services.settlement.usecases.verify_books import verify_books


async def seal(database: Database, *, clock: Clock = utc_now) -> list[str]:
    """Seal every day that is over; return one line for each."""
    async with database.unit_of_work(Cause("books")) as uow:
        made = await seal_days(uow, now=clock())
    return [
        f"{block.day}: {block.entry_count} entries, {block.debit_fen} fen, {block.block_hash.hex()}" for block in made
    ]


async def verify(database: Database) -> list[str]:
    """Check the books as they stand at one instant; return one line for each finding."""
    charts = load_charts(load_policies())
    async with database.unit_of_work(Cause("books")) as uow:
        await uow.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = await verify_books(uow, charts=charts)
    return [f"{each.check} {each.subject}: {each.text}" for each in found]


async def replay(database: Database, *, counts: Replay) -> list[str]:
    """Compute every result again from its frozen inputs; return one line for each that comes out otherwise."""
    policies = load_policies()
    async with database.unit_of_work(Cause("books")) as uow:
        await uow.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = replay_settlements(uow, policies=policies, counts=counts)
        return [f"replay {settlement_id}: {text}" async for settlement_id, text in found]


async def _run(action: str) -> int:
    database = database_of(load_settings(Settings), name="settlement-books")
    counts = Replay()
    try:
        if action == "replay":
            lines = await replay(database, counts=counts)
        else:
            lines = await (verify(database) if action == "verify" else seal(database))
    finally:
        await database.close()
    nothing = {
        "verify": "every entry, mirror, accumulator, budget, purpose, frozen input and sealed day agrees",
        "replay": "every result comes out as it was told",
        "seal": "no day to seal",
    }
    sys.stdout.write("\n".join(lines or [nothing[action]]) + "\n")
    if action == "replay":
        sys.stdout.write(
            f"{counts.replayed} computed again, {counts.without_policy} of policies no longer in the files\n"
        )
    return 1 if lines and action != "seal" else 0


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m services.settlement.books", description=__doc__)
    parser.add_argument("action", choices=["verify", "replay", "seal"])
    sys.exit(asyncio.run(_run(parser.parse_args().action)))


if __name__ == "__main__":
    main()
