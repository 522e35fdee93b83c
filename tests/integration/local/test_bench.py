"""The bench still runs, tiny: both sides of a settlement and of the plumbing; no figure where events are missing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.arrived import NotAllArrived
from bench.brokers import running_kafka
from bench.plumbing import measure_relay
from bench.recorded import Ear
from bench.stand import open_stand
from common.kit.broker import OutboundRecord
from common.kit.broker_kafka import KafkaProducer
from common.kit.cause import Cause
from common.kit.statements import fetch

ROOT = Path(__file__).resolve().parents[3]


class TestBench:
    def test_measures_a_settlement_against_its_own_sql(self, tmp_path: Path) -> None:
        rows = measured("a,g,k,l,m", 0.1, tmp_path)

        assert [row[0] for row in rows] == ["| k"] + ["| a"] * 7 + ["| g"] + ["| m"] * 2 + ["| l"]
        assert all(any(digit in "123456789" for digit in row[4]) for row in rows), rows

    @pytest.mark.kafka
    def test_measures_the_plumbing_against_its_raw_parts(self, kafka_jars: None, tmp_path: Path) -> None:  # noqa: ARG002 - they must be there
        rows = measured("b,c,d,f", 0.01, tmp_path)

        assert [row[0] for row in rows] == ["| c", "| d", "| f", "| b", "| f"]
        assert all(any(digit in "123456789" for digit in row[column]) for row in rows for column in (3, 4)), rows

    @pytest.mark.kafka
    def test_gives_no_figure_for_a_relay_whose_producer_loses_a_record(
        self,
        kafka_jars: None,  # noqa: ARG002 - they must be there
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        publish = KafkaProducer.publish

        async def all_but_the_first(self: KafkaProducer, records: Sequence[OutboundRecord]) -> list[Exception | None]:
            return [None, *await publish(self, records[1:])]

        monkeypatch.setattr(KafkaProducer, "publish", all_but_the_first)

        with open_stand() as stand, running_kafka() as bootstrap:
            measuring = measure_relay(stand, bootstrap, rounds=1, events=20)
            with pytest.raises(NotAllArrived, match=r"identity\.events: 38 of 40"):
                asyncio.run(measuring)


class TestEar:
    async def test_hears_statements_of_both_ways_in_the_order_sent(self, fresh_database) -> None:
        database = await fresh_database()
        ear = Ear(database)
        async with database.unit_of_work(Cause("bench")) as uow:
            await uow.connection.exec_driver_sql("SELECT 1")
            await fetch(uow.connection, "SELECT 2")
            await uow.connection.exec_driver_sql("SELECT 3")

        heard = await ear.taken()

        assert [statement for statement, _ in heard] == ["BEGIN;", "SELECT 1", "SELECT 2", "SELECT 3", "COMMIT;"]


def measured(rows: str, size: float, folder: Path) -> list[list[str]]:
    """Run the bench and return the cells of each line of its table."""
    command = [sys.executable, "-m", "bench", "--rows", rows, "--size", str(size), "--results", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (folder / "latest.md").read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if line[:2] == "| " and line[3:5] == " |" and line[2] != "-"]
