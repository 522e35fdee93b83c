"""Sends the demo world's discharges as the hospitals would: in order for each household, several households at once.

Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.outside_client import CallRefused, OutsideClient
from local.world_discharges import Stay

LANES = 6
_WAITING_PER_LANE = 4
_REASON = "重复登记，医院撤销"


@dataclass(slots=True)
class SentStays:
    """What became of the discharges that were sent."""

    settled_count: int = 0
    replayed_count: int = 0
    reversed_count: int = 0
    patient_pays_fen: int = 0


async def send_stays(
    stays: Iterable[Stay], *, client_of: Callable[[str], OutsideClient], sent: SentStays, advance: Callable[[], object]
) -> None:
    """Send discharges, and take back those that their hospital booked by mistake.

    Args:
        stays: In order of days; made on demand, so that only a few are held at once.
        client_of: Institution code -> the hospital's client.
        sent: Counted up as answers come.
        advance: Called after each stay.

    Raises:
        CallRefused: If the suite refuses one; the rest is not sent.
    """
    lanes = [asyncio.Queue[Stay | None](_WAITING_PER_LANE) for _ in range(LANES)]
    async with asyncio.TaskGroup() as tasks:
        for lane in lanes:
            tasks.create_task(_work_off(lane, client_of, sent, advance))
        for stay in stays:
            await lanes[stay.person.household_index % LANES].put(stay)
        for lane in lanes:
            await lane.put(None)


async def _work_off(
    lane: asyncio.Queue[Stay | None],
    client_of: Callable[[str], OutsideClient],
    sent: SentStays,
    advance: Callable[[], object],
) -> None:
    while (stay := await lane.get()) is not None:
        await _send(client_of(stay.institution_code), stay, sent)
        advance()


async def _send(client: OutsideClient, stay: Stay, sent: SentStays) -> None:
    """Send one stay; a record that lives since another world's day counts as sent."""
    answer = await client.call("POST", "/v1/discharges", key=stay.idempotency_key, json=stay.as_request())
    settled: dict[str, Any] = answer.json()
    if answer.status_code == HTTPStatus.OK or answer.headers.get("Idempotent-Replayed") == "true":
        sent.replayed_count += 1
    else:
        sent.settled_count += 1
        sent.patient_pays_fen += settled["patient_pays_fen"]
    if stay.is_reversed:
        await _take_back(client, settled["settlement_id"])
        sent.reversed_count += 1


async def _take_back(client: OutsideClient, settlement_id: str) -> None:
    path = f"/v1/settlements/{settlement_id}/reversal"
    answer = await client.call("POST", path, key=f"demo-reversal-{settlement_id}", json={"reason": _REASON})
    if answer.json()["state"] != "reversed":
        raise CallRefused("POST", path, answer)
