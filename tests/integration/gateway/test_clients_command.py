"""The registry's command on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from common.core.errors import DomainError
from common.kit.cause import Cause
from gateway.adapters.clients import find_client
from gateway.adapters.secret import proves
from gateway.clients import parser, run
from gateway.settings import ProvisioningSettings

KEY = "5a" * 32


@pytest.fixture
async def registry(fresh_database):
    return await fresh_database("gateway")


@pytest.fixture
def command(registry):
    """Return a function that runs a command line."""
    settings = ProvisioningSettings(database_url=registry.url, data_key=KEY, identity_client_secret="from the file")

    async def run_line(*words):
        return await run(parser().parse_args([str(word) for word in words]), settings)

    return run_line


async def stored(registry, client_id):
    async with registry.unit_of_work(Cause("test")) as uow:
        return await find_client(uow.connection, client_id)


class TestProvision:
    async def test_enters_everybody_and_hands_over_the_secrets(self, registry, command, tmp_path):
        path = tmp_path / "demo-clients.json"

        await command("provision", "--out", path)

        entries = json.loads(path.read_text())
        assert len(entries) == 19
        hospital = await stored(registry, "522632-hospital-2")
        assert proves(entries["522632-hospital-2"]["client_secret"], hospital.secret_hashes)
        assert hospital.client.institution_code == "H52263200002"
        service = await stored(registry, "service-identity")
        assert proves("from the file", service.secret_hashes)
        assert service.client.scopes == {"service:identity"}
        assert await stored(registry, "service-settlement") is None

    async def test_changes_nothing_the_second_time(self, registry, command, tmp_path):
        path = tmp_path / "demo-clients.json"
        await command("provision", "--out", path)
        before, hashes = path.read_text(), (await stored(registry, "operator")).secret_hashes

        await command("provision", "--out", path)

        assert path.read_text() == before
        assert (await stored(registry, "operator")).secret_hashes == hashes

    async def test_makes_the_files_secrets_good_again_on_an_empty_database(self, command, fresh_database, tmp_path):
        path = tmp_path / "demo-clients.json"
        await command("provision", "--out", path)
        other, before = await fresh_database("gateway"), path.read_text()

        settings = ProvisioningSettings(database_url=other.url, data_key=KEY)
        await run(parser().parse_args(["provision", "--out", str(path)]), settings)

        assert path.read_text() == before
        operator = await stored(other, "operator")
        assert proves(json.loads(before)["operator"]["client_secret"], operator.secret_hashes)

    async def test_makes_new_secrets_when_the_file_is_lost(self, registry, command, tmp_path):
        path = tmp_path / "demo-clients.json"
        await command("provision", "--out", path)
        lost = json.loads(path.read_text())["operator"]["client_secret"]
        path.unlink()

        await command("provision", "--out", path)

        operator = await stored(registry, "operator")
        assert not proves(lost, operator.secret_hashes)
        assert proves(json.loads(path.read_text())["operator"]["client_secret"], operator.secret_hashes)


class TestCommands:
    async def test_create_rotate_and_revoke_one_client(self, registry, command):
        first = await command("create", "new-bureau", "--scope", "funds", "--county", "211381")
        second = await command("rotate", "new-bureau")
        both = (await stored(registry, "new-bureau")).secret_hashes
        assert all(proves(secret, both) for secret in (first, second))

        await command("revoke", "new-bureau")
        await command("revoke", "new-bureau")

        assert (await stored(registry, "new-bureau")).client.is_revoked

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("create", "bureau-1", "--scope", "funds", "--county", "211381"), "client_exists"),
            (("create", "bureau-2", "--scope", "funds"), "client_ill_formed"),
            (("rotate", "nobody"), "client_unknown"),
            (("revoke", "nobody"), "client_unknown"),
            (("rotate", "gone-bureau"), "client_revoked"),
        ],
    )
    async def test_refuse_what_makes_no_sense(self, command, words, code):
        await command("create", "bureau-1", "--scope", "funds", "--county", "211381")
        await command("create", "gone-bureau", "--scope", "funds", "--county", "211381")
        await command("revoke", "gone-bureau")

        with pytest.raises(DomainError) as refusal:
            await command(*words)

        assert refusal.value.code == code

    async def test_rotate_keys_says_from_when_the_new_one_signs(self, command):
        await command("provision")

        first, second = await command("rotate-keys"), await command("rotate-keys")

        assert "signs from" in first
        assert first != second

    async def test_runs_as_a_process_and_says_what_is_wrong(self, registry):
        environment = {**os.environ, "DATABASE_URL": registry.url, "DATA_KEY": KEY}

        def run_process(*words, **changes):
            return subprocess.run(
                [sys.executable, "-m", "gateway.clients", *words],
                env={**environment, **changes},
                capture_output=True,
                text=True,
                check=False,
            )

        good, unknown, keyless = (
            run_process("provision"),
            run_process("rotate", "nobody"),
            run_process("provision", DATA_KEY="x"),
        )

        assert (good.returncode, good.stdout) == (0, "0 service clients and 0 demo clients are registered\n")
        assert (unknown.returncode, unknown.stderr) == (1, "no client is called nobody\n")
        assert keyless.returncode == 1
        assert "DATA_KEY" in keyless.stderr
