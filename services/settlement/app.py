"""The HTTP process of settlement: `python -m services.settlement.app`."""

from __future__ import annotations

from fastapi import FastAPI

from common.kit.auth import TokenVerifier
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.http import build_app
from common.kit.sealing import Seal
from common.kit.serve import database_of, serve, verifier_of
from common.kit.settings import load_settings
from services.settlement.adapters.policy_files import load_policies
from services.settlement.api import discharges, entitlements, internal, openings, reversals, settlements
from services.settlement.api.deps import SettlementContext
from services.settlement.settings import Settings

NAME = "settlement"


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
        routers=[
            discharges.router,
            reversals.router,
            settlements.router,
            entitlements.router,
            openings.router,
            internal.router,
        ],
        settings=settings,
    )
    app.state.settlement = SettlementContext(
        policies=load_policies(),
        person_key=bytes.fromhex(settings.person_key.get_secret_value()),
        seal=Seal(bytes.fromhex(settings.data_key.get_secret_value())),
    )
    return app


def main() -> None:
    """Read the settings and listen."""
    settings = load_settings(Settings)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
