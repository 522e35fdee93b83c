"""How long a wish to another system is repeated before it is given up.

Room: domain of identity.
"""

from __future__ import annotations

from datetime import timedelta

_PAUSES_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 3_600, 3_600)


def pause_after(*, attempts: int) -> timedelta | None:
    """Return the pause after the n-th failed attempt, or None when it was the last one.

    >>> pause_after(attempts=1), pause_after(attempts=9)
    (datetime.timedelta(seconds=5), None)
    """
    if attempts > len(_PAUSES_SECONDS):
        return None
    return timedelta(seconds=_PAUSES_SECONDS[attempts - 1])
