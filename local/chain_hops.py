"""The hops of one discharge, each asked for from outside until it has happened: who did what, with ids and amounts.

Next hop: gateway/app.py
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from local.chain_patient import Patient
from local.outside_client import OutsideClient

HOP_SECONDS = 30.0
_POLL_SECONDS = 0.05
_PAGE = 200
_EVENTS_PAGE = 500
_MILLISECONDS = 1000
SETTLED = "settlement.discharge_settled.v1"

Look = Callable[[], Awaitable[dict[str, Any] | None]]


class HopMissed(Exception):
    """A hop did not happen, or not in time; `hop` names it."""

    def __init__(self, hop: str, why: str) -> None:
        super().__init__(f"{hop}: {why}")
        self.hop = hop


@dataclass(frozen=True, slots=True)
class Callers:
    """The demo clients of one county that ask along the way."""

    hospital: OutsideClient
    identity: OutsideClient
    contracts: OutsideClient
    monitoring: OutsideClient
    subscriber: OutsideClient


@dataclass(slots=True)
class Trail:
    """What was seen so far; `started` is the moment before the discharge was sent."""

    started: float = 0.0
    settlement: dict[str, Any] = field(default_factory=dict)
    events_after: str | None = None

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the discharge was sent."""
        return int((time.monotonic() - self.started) * _MILLISECONDS)


async def hop_token(callers: Callers, trail: Trail) -> list[str]:
    """The hospital's client gets its token."""
    trail.started = time.monotonic()
    token = await callers.hospital.token()
    return [f"a signed token of {len(token)} characters"]


async def hop_settlement(callers: Callers, trail: Trail, patient: Patient) -> list[str]:
    """The discharge is sent, and the patient's share comes back in the same answer."""
    body = patient.request
    trail.started = time.monotonic()
    answer = await callers.hospital.call("POST", "/v1/discharges", key=f"chain-{body['record_no']}", json=body)
    settled = trail.settlement = answer.json()
    paid = sum(layer["paid_fen"] for layer in settled["layers"])
    if settled["total_fen"] != paid + settled["hospital_borne_fen"] + settled["patient_pays_fen"]:
        raise HopMissed("settlement", f"{settled['settlement_id']} does not add up to the fen")
    lines = [
        f"settlement {settled['settlement_id']}, person {settled['person_id']}",
        f"{settled['entitlement']['benefit_class']}, record {settled['record_no']}, total {yuan(settled['total_fen'])}",
    ]
    lines += [f"{layer['layer']:<20} {yuan(layer['paid_fen']):>14}  {layer['fund']}" for layer in settled["layers"]]
    return [*lines, f"{'the patient pays':<20} {yuan(settled['patient_pays_fen']):>14}"]


async def hop_event(callers: Callers, trail: Trail) -> list[str]:
    """The fact went through the broker into the outward log."""

    async def look() -> dict[str, Any] | None:
        while True:
            page = await callers.subscriber.get(
                "/v1/events", after=trail.events_after, type=SETTLED, limit=_EVENTS_PAGE
            )
            trail.events_after = page["next_cursor"]
            for event in page["items"]:
                if event["data"]["settlement_id"] == trail.settlement["settlement_id"]:
                    return event  # type: ignore[no-any-return] # JSON of another's making
            if not page["items"]:
                return None

    event = await _seen("event", f"{SETTLED} in the outward log", look)
    return [f"{event['type']}, event {event['id']}, sequence {event.get('sequence', '-')}"]


async def hop_archive(callers: Callers, trail: Trail) -> list[str]:
    """Identity added the stay to the person's health archive."""

    async def look() -> dict[str, Any] | None:
        path = f"/v1/persons/{trail.settlement['person_id']}"
        answer = await callers.identity.call("GET", path, also={404})
        episodes = answer.json().get("episodes", []) if answer.is_success else []
        return _of_settlement(episodes, trail)

    episode = await _seen("archive", "an episode in the person's archive", look)
    return [f"episode of settlement {episode['settlement_id']}, discharged on {episode['discharged_on']}"]


async def hop_follow_up(callers: Callers, trail: Trail) -> list[str]:
    """Contracts planned who must visit, or who must first sign."""

    async def look() -> dict[str, Any] | None:
        return await _listed(callers.contracts, "/v1/follow-ups", trail)

    found = await _seen("follow-up", "a follow-up for the stay", look)
    team = f"team {found['team_id']}" if found.get("team_id") else f"township {found.get('township') or 'unknown'}"
    return [
        f"follow-up {found['follow_up_id']}",
        f"{found['kind']} for {found['disease']}, {found['window_from']} to {found['window_to']}, {team}",
    ]


async def hop_alert(callers: Callers, trail: Trail) -> list[str]:
    """Monitoring added the own share to the household's twelve months and saw it cross the line."""

    async def look() -> dict[str, Any] | None:
        return await _listed(callers.monitoring, "/v1/alerts", trail)

    found = await _seen("alert", "an alert for the household", look)
    whom = f"household {found['household_id']}" if found["household_id"] else f"person {found['person_id']}"
    return [
        f"alert {found['alert_id']} for {whom}",
        f"{yuan(found['amount_fen'])} in twelve months against a line of {yuan(found['line_fen'])}",
    ]


async def end_of_log(subscriber: OutsideClient) -> str | None:
    """Return the cursor behind the last event told so far."""
    after: str | None = None
    while True:
        page = await subscriber.get("/v1/events", after=after, type=SETTLED, limit=_EVENTS_PAGE)
        after = page["next_cursor"]
        if not page["items"]:
            return after


def yuan(fen: int) -> str:
    """Return an amount for people.

    >>> yuan(397160)
    '3,971.60 yuan'
    """
    return f"{fen // 100:,}.{fen % 100:02d} yuan"


async def _listed(client: OutsideClient, path: str, trail: Trail) -> dict[str, Any] | None:
    """Return the item of a list that the settlement caused, looking through all its pages."""
    cursor: str | None = None
    while True:
        page = await client.get(path, settlement_id=trail.settlement["settlement_id"], limit=_PAGE, cursor=cursor)
        found = _of_settlement(page["items"], trail)
        cursor = page["next_cursor"]
        if found or cursor is None:
            return found


def _of_settlement(items: list[dict[str, Any]], trail: Trail) -> dict[str, Any] | None:
    wanted = trail.settlement["settlement_id"]
    return next((item for item in items if item.get("settlement_id") == wanted), None)


async def _seen(hop: str, expected: str, look: Look) -> dict[str, Any]:
    """Look until it is there.

    Raises:
        HopMissed: If it is not there in time.
    """
    until = time.monotonic() + HOP_SECONDS
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > until:
            raise HopMissed(hop, f"{expected} did not appear within {HOP_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)
