"""A relay whose line is cut, wherever it stands, begins anew instead of ending its process."""

import asyncio
import time

from common.kit.relay import Relay


class Nowhere:
    async def publish(self, records):
        return [None] * len(records)

    async def close(self):
        return


class CutOnce(Relay):
    """Loses its line after its first look for something to send, just before it idles and counts the backlog."""

    rounds = 0

    async def _round(self):
        sent = await super()._round()
        self.rounds += 1
        if self.rounds == 1:
            self._connection.terminate()
            self._counted_at = 0.0
        return sent


async def test_a_line_cut_while_idle_is_made_anew(fresh_database):
    database = await fresh_database()

    async def nowhere():
        return Nowhere()

    relay, stop = CutOnce(database_url=database.url, open_producer=nowhere), asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    await until(lambda: running.done() or relay.rounds > 1)

    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 10)


async def until(probe) -> None:
    deadline = time.monotonic() + 10
    while not probe():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)
