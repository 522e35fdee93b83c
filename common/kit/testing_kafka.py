"""The pytest plugin's real Kafka: one broker per run, topics per test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.kit.kafka_server import KafkaMissing, KafkaServer, fetch_jars
from common.kit.topics import make_topics


@pytest.fixture(scope="session")
def kafka_jars() -> None:
    """What a Kafka is started from; where it cannot be had, a skip, or a failure with REQUIRE_KAFKA=1."""
    try:
        fetch_jars()
    except KafkaMissing as refusal:
        if os.environ.get("REQUIRE_KAFKA") == "1":
            pytest.fail(f"REQUIRE_KAFKA=1, but {refusal}", pytrace=False)
        pytest.skip(f"real Kafka: {refusal}")


@pytest.fixture(scope="session")
def kafka_server(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:  # noqa: ARG001 - it must be there
    """One broker for the whole run."""
    home: Path = tmp_path_factory.mktemp("kafka")
    with KafkaServer(home) as server:
        with ThreadPoolExecutor(1) as aside:  # A running loop may be asking for this fixture.
            aside.submit(asyncio.run, make_topics(server.bootstrap)).result()
        yield server


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka_server: KafkaServer) -> str:
    """Address of the run's broker, the suite's topics made."""
    return kafka_server.bootstrap
