"""The settlement service with many connections on a database of its own, called by several hospitals at once."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
import structlog
from pydantic import SecretStr

from common.kit.testing import FreshDatabase, client_of, verifier_for_tests
from services.settlement import app
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.policy import CountyPolicy
from services.settlement.settings import Settings
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import PERSON_KEY


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Leave out the line that every answered request writes: they are thousands."""
    usual = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**usual)


@pytest.fixture(scope="session")
def policies() -> Mapping[str, CountyPolicy]:
    """The counties' files as they ship, read once for the whole run."""
    return load_policies()


@pytest.fixture
async def window(
    fresh_database: FreshDatabase, policies: Mapping[str, CountyPolicy], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Window]:
    """The service behind its outside interface; its pool has twenty connections."""
    monkeypatch.setattr(app, "load_policies", lambda: policies)
    database = await fresh_database("settlement", pool_size=10)
    settings = Settings(
        database_url=SecretStr(database.url),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(range(32, 64)).hex()),
        cursor_key=SecretStr(bytes(32).hex()),
    )
    held: list[Window] = []
    service = app.create_app(settings, database=database, verifier=verifier_for_tests(), clock=lambda: held[0].now)
    async with client_of(service) as client:
        held.append(Window(client, database))
        yield held[0]
