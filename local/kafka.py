"""`make kafka`: bring a real Apache Kafka onto this machine and run it until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
from pathlib import Path

from common.kit.kafka_server import KafkaMissing, KafkaNotStarted, KafkaServer
from common.kit.topics import make_topics

DEFAULT_PORT = 9092


def main() -> None:
    """Run one node in the foreground."""
    parser = argparse.ArgumentParser(prog="python -m local.kafka", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--home", type=Path, default=Path(".kafka/run"))
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    print("bringing Apache Kafka (the first time some 55 MB through Maven) ...", flush=True)
    try:
        with KafkaServer(arguments.home.resolve(), port=arguments.port) as server:
            asyncio.run(make_topics(server.bootstrap))
            print(f"Kafka ready: KAFKA_BOOTSTRAP={server.bootstrap}  (Ctrl-C stops it)", flush=True)
            stop.wait()
    except (KafkaMissing, KafkaNotStarted) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
