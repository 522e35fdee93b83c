"""The worker of settlement: relay, and identity's events: `python -m services.settlement.worker`.

Next hop: services/settlement/consumers.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.kit.cause import Cause
from common.kit.cleaning import CLEAN_EVERY_SECONDS, cleaning
from common.kit.clock import Clock, china_date, utc_now
from common.kit.db import Database
from common.kit.sealing import Seal
from common.kit.serve import database_of, work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from services.settlement.adapters.charts import load_charts
from services.settlement.adapters.clearing_terms import load_terms
from services.settlement.adapters.his_messages import kept_for
from services.settlement.adapters.metrics import FUND_AVAILABLE, FUND_BUDGET, RELIEF_WAITING
from services.settlement.adapters.policy_files import load_policies
from services.settlement.books import seal
from services.settlement.consumers import handlers
from services.settlement.domain.chart import Chart
from services.settlement.settings import Settings
from services.settlement.usecases.advance_rerating import advance_rerating
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.book_relief import book_relief, grants_due, relief_waiting
from services.settlement.usecases.rate_persons import Rating
from services.settlement.usecases.watch_funds import watch_funds

CONSUMER = "settlement.recognition"
SEAL_EVERY_SECONDS = 3600.0
RERATE_EVERY_SECONDS = 5.0
RELIEVE_EVERY_SECONDS = 5.0
WATCH_FUNDS_EVERY_SECONDS = 300.0


def make_parts(settings: Settings, *, clock: Clock = utc_now) -> WorkerParts:
    """Return what the worker is made of."""
    database = database_of(settings, name="settlement-worker")

    async def seal_days() -> None:
        await seal(database, clock=clock)

    terms, policies = load_terms(), load_policies()
    charts = load_charts(policies)
    rules = Rules(policies, bytes.fromhex(settings.person_key.get_secret_value()), charts)
    sealed_names = Seal(bytes.fromhex(settings.data_key.get_secret_value()))

    def rating_of(county: str) -> Rating:
        return Rating(rules, sealed_names, terms.of(county).waive_up_to)

    async def rerate() -> None:
        while await rerate_step(database, rating_of=rating_of, clock=clock):
            pass

    async def relieve() -> None:
        while await relieve_step(database, charts=charts, clock=clock):
            pass

    async def show_funds() -> None:
        await show_funds_left(database, clock=clock)

    old_messages = kept_for(days=settings.his_message_days)
    return WorkerParts(
        settings=settings,
        database=database,
        clock=clock,
        consumer_name=CONSUMER,
        handlers=handlers(),
        jobs=[
            Job("seal_days", SEAL_EVERY_SECONDS, seal_days),
            Job("rerate", RERATE_EVERY_SECONDS, rerate),
            Job("relieve", RELIEVE_EVERY_SECONDS, relieve),
            Job("watch_funds", WATCH_FUNDS_EVERY_SECONDS, show_funds),
            Job("clean_messages", CLEAN_EVERY_SECONDS, cleaning(database, clock, tables=[old_messages])),
        ],
    )


async def rerate_step(database: Database, *, rating_of: Callable[[str], Rating], clock: Clock) -> bool:
    """Take the oldest re-rating one step on, in a transaction of its own; say whether there was a step to take."""
    async with database.unit_of_work(Cause("rerating")) as uow:
        return await advance_rerating(uow, rating_of=rating_of, now=clock())


async def relieve_step(database: Database, *, charts: Mapping[str, Chart], clock: Clock) -> bool:
    """Try the first waiting grant of every account, each in its own transaction; say whether one left its queue."""
    async with database.unit_of_work(Cause("relief")) as uow:
        due = await grants_due(uow)
    has_moved = False
    for plan_id, line_no in due:
        async with database.unit_of_work(Cause("relief")) as uow:
            has_moved |= await book_relief(uow, plan_id=plan_id, line_no=line_no, charts=charts, now=clock())
    async with database.unit_of_work(Cause("relief")) as uow:
        for (county, fund, ledger), fen in (await relief_waiting(uow)).items():
            RELIEF_WAITING.labels(county, fund, ledger).set(fen)
    return has_moved


async def show_funds_left(database: Database, *, clock: Clock) -> None:
    """Show at /metrics what is left of every fund that has a budget this year."""
    async with database.unit_of_work(Cause("funds")) as uow:
        found = await watch_funds(uow, today=china_date(clock()))
    for gauge in (FUND_BUDGET, FUND_AVAILABLE):
        gauge.clear()
    for each in found:
        FUND_BUDGET.labels(each.county, each.fund).set(each.budget.fen)
        FUND_AVAILABLE.labels(each.county, each.fund).set(each.available.fen)


def main() -> None:
    """Read the settings and run until told to stop."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(make_parts(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
