"""The registry's command: `python -m gateway.clients provision|create|rotate|revoke|rotate-keys`.

A secret is shown once, where it is made; the registry keeps its hash only.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from common.core.errors import DomainError
from common.kit.cause import Cause
from common.kit.clock import rfc3339, utc_now
from common.kit.db import UnitOfWork
from common.kit.serve import database_of
from common.kit.settings import load_settings
from gateway.adapters.secrets_file import SecretsFileUnreadable, read_secrets, write_secrets
from gateway.domain.client import Client, scopes_of
from gateway.domain.demo_client import demo_clients, service_client
from gateway.settings import ProvisioningSettings
from gateway.usecases.create_client import create_client
from gateway.usecases.keep_signing_key import keep_signing_key
from gateway.usecases.provision_clients import provision_clients
from gateway.usecases.revoke_client import revoke_client
from gateway.usecases.rotate_secret import rotate_secret
from gateway.usecases.rotate_signing_key import rotate_signing_key

Work = Callable[[UnitOfWork, argparse.Namespace, ProvisioningSettings], Awaitable[str]]


async def _provision(uow: UnitOfWork, arguments: argparse.Namespace, settings: ProvisioningSettings) -> str:
    """Enter our own processes with the secrets of the environment, and the demo clients with those of the file."""
    now = utc_now()
    await keep_signing_key(uow=uow, data_key=settings.data_key_bytes, now=now)
    ours = {service_client(service=name): secret for name, secret in settings.service_secrets.items()}
    known = {client.client_id: secret for client, secret in ours.items()}
    demo = demo_clients() if arguments.out else []
    if arguments.out:
        known |= read_secrets(arguments.out)
    secrets = await provision_clients(uow=uow, wanted=[*ours, *demo], known_secrets=known, now=now)
    if arguments.out:
        # Before the commit: a file whose secrets are not registered is mended by the next run, not the other way round.
        write_secrets(arguments.out, demo, secrets)
    return f"{len(ours)} service clients and {len(demo)} demo clients are registered"


async def _create(uow: UnitOfWork, arguments: argparse.Namespace, _settings: ProvisioningSettings) -> str:
    client = Client(
        arguments.client_id,
        scopes_of(arguments.scope),
        institution_code=arguments.institution_code,
        county=arguments.county,
        township=arguments.township,
    )
    return await create_client(uow=uow, client=client, now=utc_now())


async def _rotate(uow: UnitOfWork, arguments: argparse.Namespace, _settings: ProvisioningSettings) -> str:
    return await rotate_secret(uow=uow, client_id=arguments.client_id, now=utc_now())


async def _revoke(uow: UnitOfWork, arguments: argparse.Namespace, _settings: ProvisioningSettings) -> str:
    await revoke_client(uow=uow, client_id=arguments.client_id, now=utc_now())
    return f"{arguments.client_id} is revoked"


async def _rotate_keys(uow: UnitOfWork, _arguments: argparse.Namespace, settings: ProvisioningSettings) -> str:
    term = await rotate_signing_key(uow=uow, data_key=settings.data_key_bytes, now=utc_now())
    return f"key {term.key_id} signs from {rfc3339(term.signs_from)}"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m gateway.clients", description=__doc__)
    commands = top.add_subparsers(required=True)
    provision = commands.add_parser("provision", help="enter service clients and, with --out, the demo clients")
    provision.add_argument("--out", type=Path, help="file of the demo clients' secrets; what it holds stays good")
    provision.set_defaults(work=_provision)
    create = commands.add_parser("create", help="enter a client and print its secret")
    create.add_argument("client_id")
    create.add_argument("--scope", required=True, help="scopes separated by spaces")
    for binding in ("institution-code", "county", "township"):
        create.add_argument(f"--{binding}")
    create.set_defaults(work=_create)
    rotate = commands.add_parser("rotate", help="print a further secret; the newest one before stays good beside it")
    rotate.add_argument("client_id")
    rotate.set_defaults(work=_rotate)
    revoke = commands.add_parser("revoke", help="end a client for good")
    revoke.add_argument("client_id")
    revoke.set_defaults(work=_revoke)
    commands.add_parser("rotate-keys", help="a new key takes over the signing").set_defaults(work=_rotate_keys)
    return top


async def run(arguments: argparse.Namespace, settings: ProvisioningSettings) -> str:
    """Do what the command line says in one transaction; return what there is to print."""
    database = database_of(settings, name="gateway-clients")
    work: Work = arguments.work
    try:
        async with database.unit_of_work(Cause("clients")) as uow:
            return await work(uow, arguments, settings)
    finally:
        await database.close()


def main() -> None:
    """Read the command line and act."""
    arguments = parser().parse_args()
    settings = load_settings(ProvisioningSettings)
    try:
        answer = asyncio.run(run(arguments, settings))
    except (DomainError, SecretsFileUnreadable) as refusal:
        sys.exit(str(refusal))
    sys.stdout.write(answer + "\n")


if __name__ == "__main__":
    main()
