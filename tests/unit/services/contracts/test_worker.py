"""What the worker of contracts is made of."""

from pydantic import SecretStr

from common.published.catalogue import BY_TYPE
from services.contracts.settings import Settings
from services.contracts.worker import make_parts


class TestMakeParts:
    def test_hears_only_of_facts_that_the_catalogue_lets_it_hear(self):
        parts = make_parts(Settings(database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/none")))

        assert parts.consumer_name == "contracts.care"
        assert parts.all_topics() == ["identity.events", "settlement.events"]
        assert all("contracts" in BY_TYPE[name].listeners for name in parts.handlers)
        assert [job.name for job in parts.jobs] == ["daily"]
