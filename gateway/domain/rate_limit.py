"""Rate limit (限流): a bucket of calls per client, refilled evenly. Pure: the edge gives the time."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from common.core.errors import Refused

MOST_BUCKETS = 10_000


class RateLimited(Refused):
    """The client calls more often than it may; the calls allowed again soon."""

    code = "rate_limited"
    zh = "请求过于频繁，请稍后重试"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_seconds: float


class RateLimit:
    """One bucket per client: `per_second` calls a second, and as many at once after a quiet second.

    Args:
        per_second: Calls per second and client.
        most_buckets: Clients remembered; the one that called longest ago is forgotten, which fills its bucket.
    """

    def __init__(self, *, per_second: int, most_buckets: int = MOST_BUCKETS) -> None:
        self._per_second = per_second
        self._most_buckets = most_buckets
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, *, client_id: str, at_seconds: float) -> None:
        """Count one call.

        Args:
            client_id: Who calls.
            at_seconds: Reading of a clock that never goes back.

        Raises:
            RateLimited: If the bucket is empty; `retry_after_seconds` says when there will be a call in it.
        """
        bucket = self._buckets.get(client_id) or _Bucket(float(self._per_second), at_seconds)
        refill = (at_seconds - bucket.at_seconds) * self._per_second
        bucket.tokens = min(float(self._per_second), bucket.tokens + refill)
        bucket.at_seconds = at_seconds
        self._remember(client_id, bucket)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / self._per_second)
            raise RateLimited(f"at most {self._per_second} calls per second", retry_after_seconds=max(1, wait))
        bucket.tokens -= 1

    def _remember(self, client_id: str, bucket: _Bucket) -> None:
        self._buckets[client_id] = bucket
        self._buckets.move_to_end(client_id)
        if len(self._buckets) > self._most_buckets:
            self._buckets.popitem(last=False)
