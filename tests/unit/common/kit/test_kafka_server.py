"""Kafka's jars are the pinned ones or they are not used."""

import hashlib
from pathlib import Path

import pytest

from common.kit import kafka_server
from common.kit.kafka_server import KafkaMissing


@pytest.fixture
def fake_maven(tmp_path: Path, monkeypatch):
    """Return a function that lets the next fetch find these jars instead of Maven's."""
    pom, checksums = tmp_path / "pom.xml", tmp_path / "jars.sha256"
    pom.write_text("<project/>")
    checksums.write_text("".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}.jar\n" for name in ("a", "b")))
    monkeypatch.setattr(kafka_server, "ROOT", tmp_path)
    monkeypatch.setattr(kafka_server, "JARS", tmp_path / ".kafka" / "jars")
    monkeypatch.setattr(kafka_server, "POM", pom)
    monkeypatch.setattr(kafka_server, "CHECKSUMS", checksums)
    monkeypatch.setattr(kafka_server, "missing_tools", lambda *_: "")

    def bring(jars: dict[str, str]) -> None:
        copies = "\n".join(f'printf %s "{text}" > "$out/{name}.jar"' for name, text in jars.items())
        program = '#!/bin/sh\nfor word; do case "$word" in -DoutputDirectory=*) out="${word#*=}";; esac; done\n'
        maven = tmp_path / "mvn"
        maven.write_text(f'{program}mkdir -p "$out"\n{copies}\n')
        maven.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return bring


class TestFetchJars:
    def test_keeps_jars_that_match_their_checksums(self, fake_maven):
        fake_maven({"a": "a", "b": "b"})

        kafka_server.fetch_jars()

        assert sorted(path.name for path in kafka_server.JARS.iterdir()) == [".complete", "a.jar", "b.jar"]

    @pytest.mark.parametrize(
        ("jars", "named"),
        [
            ({"a": "a", "b": "changed"}, "b.jar"),
            ({"a": "a"}, "b.jar"),
            ({"a": "a", "b": "b", "c": "c"}, "c.jar"),
        ],
    )
    def test_refuses_a_changed_a_missing_and_an_unknown_jar(self, fake_maven, jars, named):
        fake_maven(jars)

        with pytest.raises(KafkaMissing, match=named):
            kafka_server.fetch_jars()

        assert not kafka_server.JARS.exists()
