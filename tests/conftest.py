"""One running suite for the tests that call everything from outside: who may do what, and bad input by machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.db import Database
from common.kit.postgres_place import place_for
from common.kit.postgres_server import PostgresServer
from common.kit.wake import plain_dsn
from gateway.adapters.signing_keys import SigningKeys
from gateway.domain.client import Client
from gateway.usecases.create_client import create_client
from gateway.usecases.revoke_client import revoke_client
from local.booted import Suite, throwaway_suite
from local.demo_load import WORLD_FILE
from local.keys import SERVICES
from local.outside_client import read_clients
from local.world import World, world_from_text

TOKEN_SECONDS = 500.0
PATIENCE_SECONDS = 30.0


@dataclass
class Door:
    """A running suite seen from outside, with its keys at hand: any token can be had, and every address.

    Attributes:
        http: Calls the gateway by path, and the services by their whole address.
    """

    suite: Suite
    http: httpx.Client
    _tokens: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    _made: dict[str, str] = field(default_factory=dict)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Process to its own address, past the gateway."""
        places = json.loads((self.suite.data_dir / "processes.json").read_text(encoding="utf-8"))
        return {name.removesuffix("-app"): place["address"] for name, place in places.items() if name.endswith("-app")}

    @cached_property
    def world(self) -> World:
        """The demo world that was loaded."""
        return world_from_text(json.loads((self.suite.data_dir / WORLD_FILE).read_text(encoding="utf-8"))["world"])

    def token(self, client: str, scope: str = "") -> str:
        """Return the token that the gateway gives to a demo client, one of our own processes or a client made here."""
        token, until = self._tokens.get((client, scope), ("", 0.0))
        if time.monotonic() < until:
            return token
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        answer = self.call("POST", "/oauth/token", data=form, auth=self.credentials(client))
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        self._tokens[client, scope] = token, time.monotonic() + TOKEN_SECONDS
        return str(token)

    def bearer(self, client: str, scope: str = "") -> dict[str, str]:
        """Return the header of a client's call."""
        return {"Authorization": f"Bearer {self.token(client, scope)}"}

    def call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Call, waiting out the limit of calls per second."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.http.request(method, url, **request)
            if answer.status_code != 429 or time.monotonic() > until:
                return answer
            time.sleep(float(answer.headers["Retry-After"]))

    def make_client(self, client: Client) -> None:
        """Enter a client into the gateway's registry, as its command would."""

        async def make(database: Database) -> str:
            async with database.unit_of_work(Cause("test")) as uow:
                return await create_client(uow=uow, client=client, now=utc_now())

        self._made[client.client_id] = self.with_database("gateway", make)

    def revoke_client(self, client_id: str) -> None:
        """End a client for good, as the gateway's command would."""

        async def revoke(database: Database) -> None:
            async with database.unit_of_work(Cause("test")) as uow:
                await revoke_client(uow=uow, client_id=client_id, now=utc_now())

        self.with_database("gateway", revoke)

    def until(self, is_so: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it is not so in time"
            time.sleep(0.05)

    def signed(self, **claims: Any) -> str:
        """Return a token that says just this, signed with the gateway's own key; None leaves a claim out."""
        now = int(utc_now().timestamp())
        usual = {
            "iss": "yizhan",
            "aud": "yizhan",
            "client_id": "signed-by-hand",
            "iat": now,
            "exp": now + 600,
            "jti": uuid4().hex,
        }
        said = {name: value for name, value in (usual | claims).items() if value is not None}

        async def sign(database: Database) -> str:
            return await SigningKeys(
                database, data_key=bytes.fromhex(self.secret("gateway_data_key")), clock=utc_now
            ).sign(said)

        return self.with_database("gateway", sign)

    def secret(self, name: str) -> str:
        """Return one of the installation's secrets."""
        return (self.suite.data_dir / "secrets" / name).read_text(encoding="utf-8").strip()

    def database_url(self, name: str) -> str:
        """Return the administrator's address of one of the suite's databases."""
        return PostgresServer(place_for(self.suite.data_dir)).url(f"yizhan_{name}")

    def row_counts(self) -> dict[str, int]:
        """Return how many rows every table of the services' databases holds."""

        async def count() -> dict[str, int]:
            counts = {}
            for name in SERVICES:
                connection = await asyncpg.connect(plain_dsn(self.database_url(name)))
                for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
                    table = row["tablename"]
                    counts[f"{name}.{table}"] = await connection.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - the database's own names
                await connection.close()
            return counts

        return asyncio.run(count())

    def with_database(self, name: str, work: Any) -> Any:
        """Run an asynchronous piece of work on one of the suite's databases."""

        async def run() -> Any:
            database = Database(self.database_url(name))
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def credentials(self, client: str) -> tuple[str, str]:
        """Return id and secret of a client."""
        if client in self._made:
            return client, self._made[client]
        if client.startswith("service-"):
            return client, self.secret(f"{client.removeprefix('service-')}_client_secret")
        entry = read_clients(Path(self.suite.clients)).named(client)
        return entry.client_id, entry.client_secret


@contextmanager
def open_door() -> Iterator[Door]:
    """A suite on the embedded broker with a small demo world, started as `make run` starts it."""
    settings = {"BROKER": "embedded", "KAFKA_BOOTSTRAP": "", "DEMO_PERSONS": "100", "DEMO_DISCHARGES": "40"}
    with throwaway_suite(settings) as suite, httpx.Client(base_url=suite.base_url, timeout=30, trust_env=False) as http:
        yield Door(suite, http)
