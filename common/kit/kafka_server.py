"""A real Apache Kafka for one machine: jars through Maven, one KRaft node on loopback (events.md section 7).

Used by `make kafka` and by the tests; for trials only, one node keeps no copies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from common.kit.child_process import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".kafka" / "jars"
POM = ROOT / "deploy" / "kafka" / "pom.xml"
CHECKSUMS = ROOT / "deploy" / "kafka" / "jars.sha256"
START_SECONDS = 60.0
MAVEN_SECONDS = 300
JAVA = ("-Xmx512m", "-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
unclean.leader.election.enable=false
log.cleanup.policy=delete
log.retention.ms=1209600000
"""
_LOGGING = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d %p %m%n"/></Console></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


class KafkaMissing(RuntimeError):
    """Java or Maven is not there, or the jars cannot be had; the text says which and how to get it."""


class KafkaNotStarted(RuntimeError):
    """The broker did not come up in time; the text has the end of its log."""


def missing_tools(*tools: str) -> str:
    """Return which of the tools this machine lacks and how to get them, empty when none."""
    lacking = [tool for tool in tools if shutil.which(tool) is None]
    if not lacking:
        return ""
    remedy = "install Java 17 and Maven (Debian: apt-get install openjdk-17-jre-headless maven)"
    return f"{' and '.join(lacking)} not found: {remedy}"


def fetch_jars() -> None:
    """Bring the pinned jars into the ignored folder, once, and hold them to their checksums.

    Raises:
        KafkaMissing: If a tool is missing, Maven fails, or a jar is not the pinned one.
    """
    pins = POM.read_text() + CHECKSUMS.read_text()
    is_complete = (JARS / ".complete").exists() and (JARS / ".complete").read_text() == pins
    if lacking := missing_tools("java") if is_complete else missing_tools("java", "mvn"):
        raise KafkaMissing(lacking)
    if is_complete:
        return
    fresh = JARS.with_name(f"jars-{os.getpid()}")
    copy = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"
    run = subprocess.run(  # noqa: S603 - fixed command
        ["mvn", "-q", "-B", "-f", str(POM), copy, f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=MAVEN_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        raise KafkaMissing(f"Maven could not bring Kafka's jars:\n{(run.stdout + run.stderr)[-2000:]}")
    if differing := _differing(fresh):
        shutil.rmtree(fresh)
        raise KafkaMissing(f"not the jars pinned in {CHECKSUMS.relative_to(ROOT)}: {', '.join(sorted(differing))}")
    (fresh / ".complete").write_text(pins)
    shutil.rmtree(JARS, ignore_errors=True)
    fresh.rename(JARS)


def _differing(folder: Path) -> set[str]:
    """Return the jars that are missing, unknown or of another content than pinned."""
    pinned = {(line.split()[1], line.split()[0]) for line in CHECKSUMS.read_text().splitlines()}
    found = {(jar.name, hashlib.sha256(jar.read_bytes()).hexdigest()) for jar in folder.glob("*.jar")}
    return {name for name, _ in pinned ^ found}


class KafkaServer:
    """One broker over one data directory, started and stopped from this process."""

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        self.home = home
        self.port = port or _free_port()
        self._controller = _kept_port(home / "controller_port")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self) -> None:
        """Bring the jars, write the configuration and format fresh storage."""
        fetch_jars()
        data = self.home / "data"
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "logging.xml").write_text(_LOGGING)
        text = _PROPERTIES.format(port=self.port, controller=self._controller, data=data)
        (self.home / "server.properties").write_text(text)
        if not (data / "meta.properties").exists():
            cluster = uuid4().hex[:22]
            command = self._java(
                "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", self._properties
            )
            run = subprocess.run(  # noqa: S603 - fixed command
                command, capture_output=True, text=True, timeout=60, check=False
            )
            if run.returncode != 0:
                raise KafkaNotStarted(f"storage could not be formatted:\n{(run.stdout + run.stderr)[-2000:]}")

    def start(self) -> None:
        """Start the broker and wait until it listens.

        Raises:
            KafkaNotStarted: If it does not within a minute.
        """
        with (self.home / "kafka.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - fixed command
                self._java("kafka.Kafka", self._properties),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - sets one kernel flag, nothing else
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        tail = (self.home / "kafka.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise KafkaNotStarted(f"Kafka did not listen on {self.bootstrap} in time:\n{tail}")

    def stop(self) -> None:
        """End the broker, by force after 15 seconds."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End the broker at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(15)

    @property
    def _properties(self) -> str:
        return str(self.home / "server.properties")

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.home / 'logging.xml'}"
        return [shutil.which("java") or "java", *JAVA, logging, "-cp", f"{JARS}/*", main, *arguments]


def _kept_port(file: Path) -> int:
    """Return the controller's port: the quorum remembers it, so it stays the same for one data directory."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(_free_port()))
    return int(file.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
