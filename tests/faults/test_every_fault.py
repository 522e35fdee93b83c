"""Every failpoint and every outage once, on both brokers, while hospitals discharge: nothing lost, nothing twice."""

import asyncio
import random
import signal
from collections import defaultdict

import pytest

from common.kit.failpoints import NAMES
from tests.faults.faults import PASSED_BY, Fault, Faults, failpoints_of
from tests.faults.judging import Judge
from tests.faults.load import Load
from tests.faults.suite import PROCESSES, WORKERS, SuiteUnderFault, suite_under_fault

SEED = 4


@pytest.mark.faults
@pytest.mark.timeout(540)
@pytest.mark.parametrize("broker", ["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def test_nothing_is_lost_and_nothing_happens_twice(broker, request):
    if broker == "kafka":
        request.getfixturevalue("kafka_jars")
    async with suite_under_fault(broker) as suite:
        judge, load = Judge(suite), Load(suite, SEED)
        faults = Faults(suite, judge, random.Random(SEED))  # noqa: S311 - seeded on purpose
        load.start()
        without_effect = await at_once(every_failpoint(faults, broker))
        without_effect += await at_once(every_process_paused_killed_and_stopped(faults))
        without_effect += await one_after_the_other(every_outage(faults, suite))
        await load.stop()
        findings, evidence = await judge.judge(load.desk.history)
        await load.close()

    print(f"seed {SEED}, {len(evidence.history)} tries, {len(evidence.books.settlements)} settlements")  # noqa: T201 - shown when it fails
    assert findings == []
    assert without_effect == []
    assert len(evidence.books.settlements) > 50


def test_every_failpoint_of_the_list_is_tried():
    faults = Faults(None, None, random.Random(SEED))  # noqa: S311 - seeded on purpose

    tried = {fault.kind for fault in every_failpoint(faults, "embedded")}

    assert tried == {f"death at {name}" for name in NAMES}


def every_failpoint(faults: Faults, broker: str) -> list[Fault]:
    """Return a death at every failpoint, spread over the processes that pass it."""
    busy: dict[str, int] = defaultdict(int)
    plan = []
    for name in sorted(failpoints_of(broker), key=lambda each: len(PASSED_BY[each])):
        process = min(PASSED_BY[name], key=lambda each: busy[each])
        busy[process] += 1
        plan.append(faults.failpoint(name, process))
    return plan


def every_process_paused_killed_and_stopped(faults: Faults) -> list[Fault]:
    """Return a pause, a kill and an orderly stop of every process; the workers' pauses outlast their locks."""
    pauses = [faults.pause(name, 17.0 if name in WORKERS else 3.0) for name in PROCESSES]
    ends = [end(name) for end in (faults.kill, faults.stop) for name in PROCESSES]
    return [*pauses, *ends]


def every_outage(faults: Faults, suite: SuiteUnderFault) -> list[Fault]:
    """Return what befalls the servers."""
    if suite.without_disks:
        print(f"no full disks: {suite.without_disks}")  # noqa: T201 - the reason must be seen
    return [
        *(faults.cut_lines(owner) for owner in ("settlement", "gateway", "monitoring")),
        faults.postgres_dies(signal.SIGKILL),
        faults.postgres_dies(signal.SIGQUIT),
        faults.broker_outage(3.0),
        *(faults.full_disk(name, 3.0) for name in suite.disks),
        faults.forget("contracts-worker", "contracts.care"),
        faults.disorder(),
        faults.poison(),
    ]


async def at_once(plan: list[Fault]) -> list[str]:
    """Do the faults of different processes at once, those of one process one after the other."""
    queues: dict[str, list[Fault]] = defaultdict(list)
    for fault in plan:
        queues[fault.target].append(fault)
    done = await asyncio.gather(*(one_after_the_other(queue) for queue in queues.values()))
    return [text for failed in done for text in failed]


async def one_after_the_other(plan: list[Fault]) -> list[str]:
    """Return the faults that took no effect, not even at a second try: a process may just have been between lives."""
    failed = []
    for fault in plan:
        if not await fault.do() and not await fault.do():
            failed.append(f"{fault.kind} of {fault.target}")
        await asyncio.sleep(0.5)
    return failed
