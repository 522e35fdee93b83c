"""The HTTP process of skeleton: settings in, running process out.

Next hop: services/_skeleton/api/stays.py
"""

from __future__ import annotations

from fastapi import FastAPI

from common.kit.clock import utc_now
from common.kit.http import build_app
from common.kit.operations_api import operations_router
from common.kit.serve import database_of, serve, verifier_of
from common.kit.settings import load_settings
from services._skeleton.api import stays
from services._skeleton.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the application."""
    return build_app(
        name="skeleton",
        database=database_of(settings, name="skeleton-app"),
        verifier=verifier_of(settings, utc_now),
        clock=utc_now,
        routers=[stays.router, operations_router("skeleton")],
        settings=settings,
    )


def main() -> None:
    """Serve until told to stop."""
    settings = load_settings(Settings)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
