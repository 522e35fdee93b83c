"""Every process gets its own settings and secrets, and nobody else's."""

from __future__ import annotations

import socket
from itertools import product
from pathlib import Path

import pytest

from local.environments import Installation, choose_ports, is_taken
from local.keys import DATABASES, OWNERS, load_keys


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    ports = {"gateway": 8000} | {name: 9000 + place for place, name in enumerate(OWNERS[:-1])}
    ports |= {f"{name}-{role}": 9100 for name, role in product(OWNERS, ("app", "worker"))}
    addresses = {name: f"postgresql+asyncpg://yizhan_{name}@localhost/yizhan_{name}" for name in DATABASES}
    return Installation(addresses, load_keys(tmp_path), ports)


class TestEnvironment:
    @pytest.mark.parametrize("name", OWNERS)
    def test_holds_no_secret_of_another_service(self, installation: Installation, name: str) -> None:
        values = set(installation.environment(name, "app").values())

        foreign = {
            secret
            for key, secret in installation.keys.items()
            if key.partition("_")[0] in set(OWNERS) - {name} or key == "postgres_password"
        }
        assert not values & foreign

    def test_gives_the_person_key_to_the_two_who_recognise_people(self, installation: Installation) -> None:
        holders = {name for name in OWNERS if "PERSON_KEY" in installation.environment(name, "worker")}

        assert holders == {"identity", "settlement"}

    def test_names_kafka_and_no_broker_database_on_kafka(self, installation: Installation) -> None:
        on_kafka = Installation(installation.databases, installation.keys, installation.ports, "localhost:9092")

        environment = on_kafka.environment("settlement", "worker")

        assert environment["BROKER"] == "kafka"
        assert environment["KAFKA_BOOTSTRAP"] == "localhost:9092"
        assert "BROKER_DATABASE_URL" not in environment

    def test_lets_only_the_http_process_listen(self, installation: Installation) -> None:
        assert installation.environment("gateway", "app")["PORT"] == "8000"
        assert installation.environment("gateway", "worker")["PORT"] == "0"


@pytest.mark.enable_socket
class TestPorts:
    def test_are_all_different(self) -> None:
        ports = choose_ports(8000)

        assert ports["gateway"] == 8000
        assert len(set(ports.values())) == len(ports)

    def test_know_one_that_is_taken(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]

            assert is_taken(port)
        assert not is_taken(port)
