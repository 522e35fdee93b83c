"""The HTTP process of identity: `python -m services.identity.app`."""

from __future__ import annotations

from fastapi import FastAPI

from common.kit.auth import PublishedKeys, TokenVerifier
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.http import build_app
from common.kit.operations_api import operations_router
from common.kit.serve import serve
from common.kit.settings import load_settings
from common.kit.telemetry import configure_logging
from services.identity.adapters.county_files import load_counties
from services.identity.api import persons, rosters, verification_tasks
from services.identity.api.deps import IdentityContext
from services.identity.settings import Settings

NAME = "identity"


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
        database=database
        or Database(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            application_name="identity-api",
        ),
        verifier=verifier
        or TokenVerifier(
            PublishedKeys(settings.jwks_url),
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            clock=clock,
        ),
        clock=clock,
        routers=[rosters.router, persons.router, verification_tasks.router, operations_router(NAME)],
        settings=settings,
    )
    app.state.identity = IdentityContext(counties=load_counties(), keys=settings.keys())
    return app


def main() -> None:
    """Read the settings and listen."""
    settings = load_settings(Settings)
    configure_logging(settings.log_level)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
