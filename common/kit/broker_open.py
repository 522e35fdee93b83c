"""Which broker: decided by one setting, never by a silent fallback."""

from __future__ import annotations

from collections.abc import Sequence

from common.kit.broker import RETENTION, Consumer, GroupPlace, Producer, TopicPartition
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from common.kit.broker_store import EmbeddedProducer, forget
from common.kit.clock import Clock
from common.kit.kafka_client import group_places as kafka_group_places
from common.kit.settings import ServiceSettings


class BrokerNotConfigured(ValueError):
    """The chosen broker's address is missing."""


async def open_producer(settings: ServiceSettings) -> Producer:
    """Return a connected producer of the configured broker.

    Raises:
        BrokerNotConfigured: If its address is missing.
        BrokerUnavailable: If it does not answer.
    """
    if settings.broker == "kafka":
        return await KafkaProducer.connected(_bootstrap(settings))
    return EmbeddedProducer(_broker_url(settings))


async def open_consumer(settings: ServiceSettings, *, group: str, topics: Sequence[str]) -> Consumer:
    """Return a member of the group at the configured broker.

    Raises:
        BrokerNotConfigured: If its address is missing.
        BrokerUnavailable: If it does not answer.
    """
    if settings.broker == "kafka":
        return await KafkaConsumer.connected(
            _bootstrap(settings), group=group, topics=topics, session_seconds=settings.kafka_session_seconds
        )
    return EmbeddedConsumer(_broker_url(settings), group=group, topics=topics)


async def group_places(
    settings: ServiceSettings, *, group: str, topics: Sequence[str]
) -> dict[TopicPartition, GroupPlace]:
    """Return how far the group is in every partition of the topics; nobody joins it for that.

    Raises:
        BrokerNotConfigured: If its address is missing.
        BrokerUnavailable: If it does not answer.
    """
    if settings.broker == "kafka":
        return await kafka_group_places(_bootstrap(settings), group=group, topics=topics)
    return await EmbeddedConsumer(_broker_url(settings), group=group, topics=topics).group_places()


async def forget_expired(settings: ServiceSettings, clock: Clock) -> None:
    """Delete what the embedded broker has kept for longer than the retention; Kafka does it by itself."""
    if settings.broker == "embedded":
        await forget(_broker_url(settings), before=clock() - RETENTION)


def _bootstrap(settings: ServiceSettings) -> str:
    if not settings.kafka_bootstrap:
        raise BrokerNotConfigured("BROKER=kafka needs KAFKA_BOOTSTRAP=host:port")
    return settings.kafka_bootstrap


def _broker_url(settings: ServiceSettings) -> str:
    url = settings.broker_database_url.get_secret_value()
    if not url:
        raise BrokerNotConfigured("BROKER=embedded needs BROKER_DATABASE_URL")
    return url
