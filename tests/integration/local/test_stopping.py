"""Processes end in time when they are asked to, also while the database server or only the broker hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from common.kit.kafka_server import KafkaServer
from local.booted import Suite, throwaway_suite
from tests.integration.local.test_whole_run import HEALED_SECONDS, alive, children, is_ready, until

STOP_SECONDS = 45.0
"""Hard limit of events.md section 11."""
SMALL = {"DEMO_PERSONS": "20", "DEMO_DISCHARGES": "2"}


@contextmanager
def hanging(process_id: int) -> Iterator[None]:
    """Let a server with all its processes stand still while the block runs."""
    server = psutil.Process(process_id)
    everything = [server, *server.children(recursive=True)]
    for each in everything:
        each.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in everything:
            if each.is_running():
                each.send_signal(signal.SIGCONT)


@pytest.mark.timeout(300)
class TestStopping:
    def test_ends_in_time_while_the_server_of_everything_hangs_and_comes_back(self) -> None:
        with throwaway_suite(SMALL) as suite:
            took = seconds_to_stop(suite, hanging_process=children(suite.process_id)["postgres"])

        assert took <= STOP_SECONDS + 1

    @pytest.mark.kafka
    def test_ends_in_time_while_only_the_broker_hangs_and_comes_back(self, kafka_server: KafkaServer) -> None:
        assert kafka_server.process is not None
        with throwaway_suite({**SMALL, "BROKER": "kafka", "KAFKA_BOOTSTRAP": kafka_server.bootstrap}) as suite:
            took = seconds_to_stop(suite, hanging_process=kafka_server.process.pid)

        assert took <= STOP_SECONDS + 1


def seconds_to_stop(suite: Suite, *, hanging_process: int) -> float:
    """Ask every process of the suite to end while a server hangs; return how long it took once all are back."""
    before = children(suite.process_id)
    ours = [process_id for name, process_id in before.items() if name != "postgres"]
    with hanging(hanging_process):
        began = time.monotonic()
        for process_id in ours:
            os.kill(process_id, signal.SIGTERM)
        until(lambda: not alive(ours), STOP_SECONDS + 5)
        took = time.monotonic() - began
    until(lambda: len(children(suite.process_id)) == len(before), HEALED_SECONDS)
    until(lambda: is_ready(suite), HEALED_SECONDS)
    return took
