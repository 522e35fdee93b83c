"""Check and seal the books: `python -m services.settlement.books verify` (or `replay`, `seal`, `trial`).

`verify` and `replay` end with status 1 when anything does not agree. `trial --file draft.yaml --from 2025-01-01 --to
2025-12-31` shows what a county's draft would have changed for the stays of these days; nothing is written.
Next hop: services/settlement/usecases/verify_books.py
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import date
from pathlib import Path

from common.kit.cause import Cause
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.serve import database_of
from common.kit.settings import load_settings
from services.settlement.adapters.charts import load_charts
from services.settlement.adapters.policy_files import load_county, load_policies
from services.settlement.adapters.policy_files_text import PolicyFileInvalid
from services.settlement.domain.policy import PolicyNotInForce
from services.settlement.settings import Settings
from services.settlement.usecases.replay_settlements import Replay, replay_settlements
from services.settlement.usecases.seal_days import seal_days
from services.settlement.usecases.try_version import try_version
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


async def trial(database: Database, *, file: Path, starts_on: date | None, first: date, last: date) -> list[str]:
    """Try a version of a county's file, the newest or the one of a day, on what was settled; return what to print.

    Raises:
        PolicyFileInvalid: If the file is not sound.
        PolicyNotInForce: If it has no version on that day.
    """
    policy = load_county(file).policy
    version = policy.versions[-1] if starts_on is None else policy.version_on(day=starts_on)
    async with database.unit_of_work(Cause("books")) as uow:
        await uow.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = await try_version(uow, county=policy.county, version=version, first=first, last=last)
    funds = [f"  {fund}: {amount}" for fund, amount in sorted(found.funds.items())]
    return [
        f"{policy.name} {policy.county}: version of {version.starts_on}, stays discharged {first} to {last}",
        f"{found.stays} stays of {found.persons} persons",
        f"pay less: {found.gaining} persons, {found.gained} yuan together",
        f"pay more: {found.losing} persons, {found.lost} yuan together",
        f"hospitals bear more by {found.hospital_borne} yuan; funds pay more, in yuan:",
        *(funds or ["  none otherwise"]),
    ]


async def _try(given: argparse.Namespace) -> int:
    if given.file is None or given.first is None or given.last is None:
        sys.stderr.write("trial needs --file, --from and --to\n")
        return 2
    database = database_of(load_settings(Settings), name="settlement-books")
    try:
        lines = await trial(database, file=given.file, starts_on=given.version, first=given.first, last=given.last)
    except (PolicyFileInvalid, PolicyNotInForce) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    finally:
        await database.close()
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


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
    parser.add_argument("action", choices=["verify", "replay", "seal", "trial"])
    parser.add_argument("--file", type=Path, help="trial: the county's file with the draft")
    parser.add_argument("--version", type=date.fromisoformat, help="trial: a day of the version; none: the newest")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, help="trial: first day of discharge")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, help="trial: last day of discharge")
    given = parser.parse_args()
    sys.exit(asyncio.run(_try(given) if given.action == "trial" else _run(given.action)))


if __name__ == "__main__":
    main()
