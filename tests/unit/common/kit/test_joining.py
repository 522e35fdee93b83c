"""The watch beside a consumer ends with it."""

import asyncio

from common.kit import joining
from common.kit.joining import _ended
from common.kit.recovery import Recovery


class Watch(Recovery):
    """One whose turns swallow their cancelling, as the database's adapter may."""

    def __init__(self) -> None:
        self._is_ended = False
        self.turns = 0

    async def run(self) -> None:
        while not self._is_ended:
            self.turns += 1
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue


async def test_a_watch_that_swallows_its_cancelling_ends_after_its_turn(monkeypatch):
    monkeypatch.setattr(joining, "END_SECONDS", 5.0)
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    while not watch.turns:
        await asyncio.wait([watching], timeout=0.001)

    await asyncio.wait_for(_ended(watch, watching), 2)

    assert watching.done()
    assert watch.turns == 1
