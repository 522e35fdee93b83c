"""The HTTP process of settlement: `python -m services.settlement.app`."""

from __future__ import annotations

from fastapi import FastAPI

from common.kit.auth import TokenVerifier
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.http import build_app
from common.kit.operations_api import operations_router
from common.kit.sealing import Seal
from common.kit.serve import database_of, serve, verifier_of
from common.kit.settings import load_settings
from services.settlement.adapters.charts import load_charts
from services.settlement.adapters.clearing_terms import load_terms
from services.settlement.adapters.cost_control import load_cost_rules
from services.settlement.adapters.his_codes import load_codes
from services.settlement.adapters.policy_files import load_policies
from services.settlement.api import (
    claims,
    clearings,
    costs,
    discharges,
    entitlements,
    family_accounts,
    funds,
    his,
    internal,
    openings,
    reconciliations,
    reliefs,
    reported_totals,
    reratings,
    reservations,
    reversals,
    settlements,
    slips,
    unpaid_shares,
)
from services.settlement.api.deps import SettlementContext
from services.settlement.domain.slip_code import slip_key
from services.settlement.settings import Settings
from services.settlement.usecases.render_slip import SlipPrint

NAME = "settlement"
_ROUTERS = (
    discharges.router,
    claims.router,
    reversals.router,
    settlements.router,
    slips.router,
    unpaid_shares.router,
    entitlements.router,
    openings.router,
    family_accounts.router,
    reconciliations.router,
    clearings.router,
    reratings.router,
    reliefs.router,
    funds.router,
    reservations.router,
    reported_totals.router,
    costs.router,
    his.router,
    internal.router,
)


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    verifier: TokenVerifier | None = None,
    clock: Clock = utc_now,
) -> FastAPI:
    """Return the application; a test hands in its own database, verifier and clock."""
    app = build_app(
        name=NAME,
        database=database or database_of(settings, name="settlement-api"),
        verifier=verifier or verifier_of(settings, clock=clock),
        clock=clock,
        routers=[*_ROUTERS, operations_router(NAME)],
        settings=settings,
    )
    policies = load_policies()
    data_key = bytes.fromhex(settings.data_key.get_secret_value())
    seal, public_url = Seal(data_key), settings.public_url or settings.gateway_url
    app.state.settlement = SettlementContext(
        policies=policies,
        person_key=bytes.fromhex(settings.person_key.get_secret_value()),
        seal=seal,
        clearing_terms=load_terms(),
        charts=load_charts(policies),
        cost_rules=load_cost_rules(policies),
        printed_with=SlipPrint(policies, seal, slip_key(data_key=data_key), public_url.rstrip("/")),
    )
    app.state.his_codes = load_codes()
    return app


def main() -> None:
    """Read the settings and listen."""
    settings = load_settings(Settings)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
