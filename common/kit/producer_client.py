"""A consumer's view of the producers' logs, asked through their internal routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from common.kit.broker import InboundRecord, partition_of
from common.kit.envelope import instant_text, wire_headers
from common.kit.producer_api import MOST_EVENTS, MOST_HEADS, EventOut, EventsOut, HeadsOut
from common.kit.service_caller import ServiceCaller

NOT_FROM_BROKER = -1
"""Offset of a record that came from a producer's log."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class ProducerUnreachable(Exception):
    """A producer (or the token endpoint) did not answer as agreed; the same may succeed later."""


class ProducerLogs:
    """The logs of the producers whose addresses are known."""

    def __init__(self, caller: ServiceCaller, urls: Mapping[str, str]) -> None:
        self._caller = caller
        self._urls = urls

    async def events_of(self, producer: str, key: str, *, after_sequence: int) -> EventsOut:
        """Return a page of one key's events after a number.

        Raises:
            ProducerUnreachable: If it cannot be had.
        """
        wanted: dict[str, str | int] = {"key": key, "after_sequence": after_sequence, "limit": MOST_EVENTS}
        return await self._get(EventsOut, producer, "/internal/events", wanted)

    async def events_after(self, producer: str, *, after_key: str, after_sequence: int) -> list[EventOut]:
        """Return a page of all keys' events in the order (key, sequence); empty at the end.

        Raises:
            ProducerUnreachable: If it cannot be had.
        """
        wanted: dict[str, str | int] = {"after_key": after_key, "after_sequence": after_sequence, "limit": MOST_EVENTS}
        return (await self._get(EventsOut, producer, "/internal/events", wanted)).items

    async def heads(self, producer: str, *, changed_since: datetime | None) -> AsyncIterator[HeadsOut]:
        """Yield page after page of the heads changed since an instant, or of all heads.

        Raises:
            ProducerUnreachable: If a page cannot be had.
        """
        wanted: dict[str, str | int] = {"limit": MOST_HEADS}
        if changed_since is not None:
            wanted["changed_since"] = instant_text(changed_since)
        after_key: str | None = ""
        while after_key is not None:
            page = await self._get(HeadsOut, producer, "/internal/events/heads", {**wanted, "after_key": after_key})
            yield page
            after_key = page.next_key

    async def _get(self, model: type[ModelT], producer: str, path: str, params: Mapping[str, str | int]) -> ModelT:
        url = self._urls.get(producer)
        if url is None:
            raise ProducerUnreachable(f"no address of {producer}; {producer.upper()}_URL is not set")
        try:
            answer = await self._caller.get(url + path, params)
            return model.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise ProducerUnreachable(f"{error.request.url.path} answered {error.response.status_code}") from error
        except (httpx.HTTPError, ValidationError) as error:
            raise ProducerUnreachable(f"{producer} did not answer: {type(error).__name__}") from error


def record_of(event: EventOut) -> InboundRecord:
    """Return the record as the broker would have brought it, headers and data byte for byte."""
    return InboundRecord(
        topic=event.topic,
        partition=partition_of(event.key.encode()),
        key=event.key.encode(),
        value=event.data.encode(),
        headers=wire_headers(event.headers, event.sequence),
        broker_offset=NOT_FROM_BROKER,
        appended_at=event.recorded_at,
    )
