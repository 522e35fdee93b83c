"""Only a contract that the rules have ended is closed."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.contracts.domain.contract import Contract, Terms
from services.contracts.usecases.close_contract import close_contract


class TestCloseContract:
    async def test_refuses_a_contract_that_still_runs(self):
        now = datetime(2016, 9, 12, tzinfo=UTC)
        terms = Terms(UUID(int=9), (), date(2016, 1, 1), date(2016, 12, 31))
        running = Contract(UUID(int=5), UUID(int=1), "211381", None, terms, now)

        with pytest.raises(ValueError, match="not ended"):
            await close_contract(None, contract=running, now=now)
