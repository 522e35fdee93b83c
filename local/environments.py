"""What each process of the one-machine run gets as its environment: its own settings and secrets, nobody else's."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from local.keys import OWNERS, SERVICES

HOST = "127.0.0.1"
_INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "LOG_LEVEL",
    "SSL_CERT_FILE",
    "FAILPOINT",
    "HEADS_AGE_SECONDS",
    "GAP_WAIT_SECONDS",
    "COMPARE_SECONDS",
)
_HOLDERS_OF_PERSON_KEY = frozenset({"identity", "settlement"})


@dataclass(frozen=True)
class Installation:
    """Where things are in one run.

    Attributes:
        databases: Database name to the address for its own role.
        keys: The generated secrets by name.
        ports: HTTP port of each service and the gateway, and `<name>-app` and `<name>-worker` for their metrics.
        kafka_bootstrap: host:port of Kafka; empty on the embedded broker.
    """

    databases: Mapping[str, str]
    keys: Mapping[str, str]
    ports: Mapping[str, int]
    kafka_bootstrap: str = ""

    def url_of(self, name: str) -> str:
        """Return the address of a service or the gateway."""
        return f"http://{HOST}:{self.ports[name]}"

    def broker(self) -> dict[str, str]:
        """Return the settings of the broker, the same for every process."""
        if self.kafka_bootstrap:
            return {"BROKER": "kafka", "KAFKA_BOOTSTRAP": self.kafka_bootstrap}
        return {"BROKER": "embedded", "BROKER_DATABASE_URL": self.databases["broker"]}

    def environment(self, name: str, role: str) -> dict[str, str]:
        """Return the environment of the `app` or `worker` of a service or the gateway."""
        own = {
            "DATABASE_URL": self.databases[name],
            "HOST": HOST,
            "PORT": str(self.ports[name] if role == "app" else 0),
            "METRICS_HOST": HOST,
            "METRICS_PORT": str(self.ports[f"{name}-{role}"]),
            "GATEWAY_URL": self.url_of("gateway"),
            "JWKS_URL": f"{self.url_of('gateway')}/.well-known/jwks.json",
            "DATA_KEY": self.keys[f"{name}_data_key"],
            "CURSOR_KEY": self.keys[f"{name}_cursor_key"],
            "SERVICE_CLIENT_ID": f"service-{name}",
            "SERVICE_CLIENT_SECRET": self.keys[f"{name}_client_secret"],
            **{f"{other.upper()}_URL": self.url_of(other) for other in SERVICES},
        }
        if name in _HOLDERS_OF_PERSON_KEY:
            own["PERSON_KEY"] = self.keys["person_key"]
        return base_environment() | self.broker() | own


def base_environment() -> dict[str, str]:
    """Return what every process needs of ours, whatever it does."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }


def choose_ports(gateway_port: int) -> dict[str, int]:
    """Return the ports of a run: the gateway's as asked for, all others free ones of the loopback address."""
    names = [*SERVICES, *(f"{name}-{role}" for name in OWNERS for role in ("app", "worker"))]
    probes = [socket.socket() for _ in names]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return {"gateway": gateway_port} | {
            name: int(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)
        }
    finally:
        for probe in probes:
            probe.close()


def is_taken(port: int) -> bool:
    """Whether somebody listens on the loopback port already."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
