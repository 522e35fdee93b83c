"""Which headers go on to a service."""

from __future__ import annotations

from gateway.adapters.upstream import forwarded_headers


class TestForwardedHeaders:
    def test_drops_what_ends_at_the_door_and_what_the_connection_names(self):
        given = [
            (b"host", b"example"),
            (b"connection", b"close, X-Mine"),
            (b"x-mine", b"1"),
            (b"transfer-encoding", b"chunked"),
            (b"x-request-id", b"forged\xff"),
            (b"authorization", b"Bearer t"),
            (b"idempotency-key", b"k"),
        ]

        sent = forwarded_headers(given, request_id="r-1", traceparent="00-a-b-01")

        assert sent == [
            (b"authorization", b"Bearer t"),
            (b"idempotency-key", b"k"),
            (b"x-request-id", b"r-1"),
            (b"traceparent", b"00-a-b-01"),
        ]

    def test_sends_no_trace_where_there_is_none(self):
        assert forwarded_headers([], request_id="r-1", traceparent=None) == [(b"x-request-id", b"r-1")]
