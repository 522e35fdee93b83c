"""The metrics of the event plumbing, declared in one place.

Must be zero: `dead_total`, `offset_out_of_range_total`, `heads_mismatch_total`, `sequence_reused_total`,
`baseline_total`. Alarm on growth: `outbox_pending`, `outbox_oldest_seconds`, `parked_keys`, `gap_total`,
`inbox_duplicates_total`, `consumer_last_progress_seconds`. Must not be zero over a working day: `consumed_total`.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

OUTBOX_PENDING = Gauge("outbox_pending", "Events written but not yet acknowledged by the broker")
OUTBOX_OLDEST_SECONDS = Gauge("outbox_oldest_seconds", "Age of the oldest event not yet acknowledged")
OUTBOX_DEAD_ROWS = Gauge("outbox_dead_rows", "Deleted rows of outbox_pending that vacuum has not yet taken away")
RELAY_PUBLISH_SECONDS = Histogram("relay_publish_seconds", "One batch from read to deleted")
RELAY_PUBLISHED = Counter("relay_published_total", "Events acknowledged by the broker")
RELAY_SHARDS_HELD = Gauge("relay_shards_held", "Shards this relay may send")
CONSUMED = Counter("consumed_total", "Events taken in", ["consumer"])
BATCH_SECONDS = Histogram("consumer_batch_seconds", "One batch in one transaction", ["consumer"])
DUPLICATES = Counter("inbox_duplicates_total", "Events that arrived again", ["consumer"])
GAPS = Counter("gap_total", "Events that arrived before an earlier one of their key", ["consumer"])
DEAD = Counter("dead_total", "Events given up; each asks for an operator", ["consumer"])
PARKED_KEYS = Gauge("parked_keys", "Keys whose events are set aside", ["consumer"])
PARKED_OLDEST_SECONDS = Gauge("parked_oldest_seconds", "Age of the oldest diversion", ["consumer"])
OUT_OF_RANGE = Counter("offset_out_of_range_total", "Times the broker no longer kept the group's place", ["consumer"])
CONSUMER_PROGRESS = Gauge("consumer_last_progress_seconds", "Unix time of the last return of a fetch", ["consumer"])
HEADS_MISMATCH = Counter(
    "heads_mismatch_total", "Events that the broker did not bring and the producer's log had to give", ["consumer"]
)
SEQUENCE_REUSED = Counter(
    "sequence_reused_total", "Numbers that a producer gave out twice: its database was set back", ["consumer"]
)
BASELINES = Counter("baseline_total", "Keys that go on after events nobody has any more", ["consumer"])
CONSUMER_LAG = Gauge("consumer_lag", "Records the group has still to read, seen by a client of its own", ["consumer"])
CONSUMER_REBUILT = Counter(
    "consumer_rebuilt_total", "Times a stuck consumer was thrown away and made anew", ["consumer"]
)
CLEANED = Counter("rows_cleaned_total", "Rows that were kept long enough and left", ["table"])
LOOP_LAG = Gauge("loop_lag_seconds", "How late the event loop answered the watchdog")
HEARTBEATS = Counter("heartbeats_total", "Answers of the event loop to the watchdog, about one a second")
