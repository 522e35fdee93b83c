"""Hospitals at work: discharges, retries under the same key, reversals, calls given up; seeded, all remembered."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import httpx

from common.kit.clock import china_date, utc_now
from local.demo_load import CLIENTS_FILE, WORLD_FILE
from local.outside_client import CallRefused, ClientsUnusable, OutsideClient, read_clients
from local.world import world_from_text
from tests.faults.desk import Desk, NoToken
from tests.faults.evidence import Attempt
from tests.faults.suite import SuiteUnderFault

CALL_SECONDS = 15.0
DESKS = 4
LONGEST_THOUGHT_SECONDS = 0.4
TRIES = 12
DIAGNOSES = ("I63.9", "J18.9", "N18.5", "E11.9", "C34.9")


class Load:
    """Four desks that call until told to stop."""

    def __init__(self, suite: SuiteUnderFault, seed: int) -> None:
        self._suite = suite
        self._seed = seed
        self._numbers = count(1)
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        data = suite.home / "data"
        world = world_from_text(json.loads((data / WORLD_FILE).read_text(encoding="utf-8"))["world"])
        self._persons = list(world.population.persons())
        self._clients = read_clients(data / CLIENTS_FILE)
        self._http = httpx.AsyncClient(base_url=suite.base_url, timeout=CALL_SECONDS, trust_env=False)
        self._asking: dict[str, OutsideClient] = {}
        self.desk = Desk(self._http, self._headers_of)

    def start(self) -> None:
        """Open the desks."""
        self._stop.clear()
        self._tasks = [asyncio.create_task(self._serve(random.Random(f"{self._seed}/{n}"))) for n in range(DESKS)]  # noqa: S311 - seeded on purpose

    async def stop(self) -> None:
        """Close the desks when their calls have ended."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        self._seed += 1

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _headers_of(self, institution_code: str) -> Mapping[str, str]:
        if institution_code not in self._asking:
            entry = self._clients.of_institution(institution_code)
            self._asking[institution_code] = OutsideClient(self._http, entry, patience_seconds=1.0)
        try:
            return {"Authorization": f"Bearer {await self._asking[institution_code].token()}"}
        except (CallRefused, httpx.TransportError) as error:
            raise NoToken from error

    async def _serve(self, dice: random.Random) -> None:
        while not self._stop.is_set():
            await self._one_stay(dice)
            await asyncio.sleep(dice.random() * LONGEST_THOUGHT_SECONDS)

    async def _one_stay(self, dice: random.Random) -> None:
        body = self._a_stay(dice)
        key = f"{body['record_no']}/first"
        settled = await self._until_answered(dice, lambda: self.desk.discharge(body, key))
        if settled.outcome == "unknown" and dice.random() < 0.5:
            record = (body["institution_code"], body["record_no"])
            await self._until_answered(dice, lambda: self.desk.reverse_record(*record, f"{key}/undo"))
        if settled.outcome != "ok":
            return
        if dice.random() < 0.15:
            await self.desk.discharge(body, key)
        if dice.random() < 0.2:
            answer = json.loads(settled.body)
            undone = await self._until_answered(dice, lambda: self.desk.reverse(answer, f"{key}/undo"))
            if undone.outcome == "ok" and dice.random() < 0.5:
                await self._until_answered(dice, lambda: self.desk.discharge(body, f"{key}/again"))

    async def _until_answered(self, dice: random.Random, call: Any) -> Attempt:
        """Repeat under the same key until there is an answer; now and then give up at once and stay unsure."""
        attempt: Attempt = await call()
        tries = 1 if dice.random() < 0.2 else TRIES
        while attempt.outcome == "unknown" and tries > 1 and not self._stop.is_set():
            await asyncio.sleep(0.2 + dice.random() * 0.8)
            attempt = await call()
            tries -= 1
        return attempt

    def _a_stay(self, dice: random.Random) -> dict[str, Any]:
        person = dice.choice(self._persons)
        codes = [each.code for each in person.county.institutions if self._has_client(each.code)]
        discharged_on = china_date(utc_now()) - timedelta(days=dice.randrange(30))
        in_scope = dice.choice((120_000, 900_000, 4_000_000, 11_000_000))
        own = dice.randrange(0, 50_000)
        return {
            "record_no": f"F{self._seed}-{next(self._numbers)}",
            "institution_code": dice.choice(codes),
            "county": person.county.code,
            "patient": {
                "citizen_id": person.citizen_id,
                "name": person.name,
                "insurance": {"scheme": "rural_cooperative", "state": "insured"},
            },
            "visit_type": "inpatient",
            "admitted_on": (discharged_on - timedelta(days=7)).isoformat(),
            "discharged_on": discharged_on.isoformat(),
            "referral": {"kind": "none"},
            "diagnoses": [{"icd10": dice.choice(DIAGNOSES), "main": True}],
            "bill": {
                "total_fen": in_scope + own,
                "own_expense_fen": own,
                "over_limit_fen": 0,
                "first_self_pay_fen": 0,
                "in_scope_fen": in_scope,
            },
        }

    def _has_client(self, code: str) -> bool:
        try:
            self._clients.of_institution(code)
        except ClientsUnusable:
            return False
        return True
