"""Holds recorded conversations of the national interface with a running suite: `make his-kit`.

For whoever writes the hospital's side: every step is printed with what was sent, expected and got, faults of the line
included; the exit status is 0 only when all went as expected. People and stays are made up anew in every run.
Next hop: local/his_talk.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import ssl
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fnmatch import fnmatch
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from common.core.citizen_number import check_character
from common.kit.clock import CHINA, china_date, utc_now
from common.kit.text_yaml import DataFileInvalid
from local.demo_load import REQUEST_SECONDS, add_suite_arguments
from local.his_script import FOLDER, Conversation, read_conversations
from local.his_talk import Line, Outcome, Talk
from local.outside_client import CallRefused, ClientEntry, ClientsUnusable, OutsideClient, read_clients

PATH = "/v1/his/messages"
_EVERY_REFUSAL = range(400, 500)
_STAYED, _SINCE = timedelta(days=5), timedelta(days=1)
_DAYS_OF_BIRTH = 20_000


async def run_kit(
    line: Line, conversations: Sequence[Conversation], *, institution: str, county: str, today: date
) -> list[tuple[Conversation, list[Outcome]]]:
    """Hold conversations one after the other, each about somebody of its own; print every step."""
    held = []
    for conversation in conversations:
        facts = new_facts(institution=institution, county=county, today=today)
        outcomes = await Talk(line, facts).hold(conversation)
        held.append((conversation, outcomes))
        _print(conversation, outcomes)
    return held


def new_facts(*, institution: str, county: str, today: date) -> dict[str, str]:
    """Return what a conversation knows at its beginning: a made-up person, and days of a stay that is over."""
    born = date(1950, 1, 1) + timedelta(days=secrets.randbelow(_DAYS_OF_BIRTH))
    seventeen = f"{county}{born:%Y%m%d}{secrets.randbelow(900) + 100:03d}"
    return {
        "institution": institution,
        "county": county,
        "citizen_number": seventeen + check_character(seventeen),
        "person_name": "测试人员",
        "ipt_no": f"KIT{secrets.token_hex(8)}",
        "today": today.isoformat(),
        "admitted": (today - _SINCE - _STAYED).isoformat(),
        "discharged": (today - _SINCE).isoformat(),
    }


def numbering(institution: str, at: str) -> Callable[[], str]:
    """Return a maker of `msgid`: institution, the moment of the run (yyyyMMddHHmmss), a serial number."""
    serial = count(1)
    return lambda: f"{institution}{at}{next(serial):04d}"


def line_to(client: OutsideClient, *, base_url: str, number: Callable[[], str]) -> Line:
    """Return the line to a suite behind its gateway."""

    async def send(envelope: Mapping[str, Any]) -> httpx.Response:
        return await client.call("POST", PATH, also=_EVERY_REFUSAL, json=envelope)

    async def cut(envelope: Mapping[str, Any]) -> None:
        await send_and_leave(base_url, envelope, token=await client.token())

    async def settlements(record_no: str) -> list[str]:
        found = await client.get("/v1/settlements", record_no=record_no)
        return [item["state"] for item in found["items"]]

    return Line(send, cut, settlements, number)


async def send_and_leave(base_url: str, envelope: Mapping[str, Any], *, token: str) -> None:
    """Send an envelope whole and end the connection without reading a byte."""
    where = urlsplit(base_url)
    secure = ssl.create_default_context() if where.scheme == "https" else None
    port = where.port or (443 if secure else 80)
    body = json.dumps(envelope).encode()
    head = (
        f"POST {where.path.rstrip('/')}{PATH} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(where.hostname, port, ssl=secure)
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def failed(held: Iterable[tuple[Conversation, list[Outcome]]]) -> list[str]:
    """Return the names of the conversations in which a step did not go as expected."""
    return [talk.name for talk, outcomes in held if any(outcome.problems for outcome in outcomes)]


def _print(conversation: Conversation, outcomes: Sequence[Outcome]) -> None:
    print(f"\n== {conversation.name}  {conversation.title}")
    for each in outcomes:
        print(f" {each.step:>2} {each.what}: {'FAILED' if each.problems else 'ok'}")
        print(f"    sent      {each.sent}")
        print(f"    expected  {each.expected}")
        print(f"    got       {each.got}")
        for problem in each.problems:
            print(f"    !!        {problem}")


def main() -> int:
    """Run the kit and say which conversations failed."""
    given = _arguments().parse_args()
    try:
        conversations = [each for each in read_conversations(given.conversations) if fnmatch(each.name, given.only)]
        if not conversations:
            print(f"no conversation is called {given.only}", file=sys.stderr)
            return 2
        held = asyncio.run(_run(given, conversations))
    except (CallRefused, ClientsUnusable, DataFileInvalid, OSError, httpx.TransportError) as failure:
        print(f"!!  the kit cannot run: {failure or type(failure).__name__}", file=sys.stderr)
        return 2
    wrong = failed(held)
    print(f"\n{len(held) - len(wrong)} of {len(held)} conversations went as expected")
    for name in wrong:
        print(f"!!  failed: {name}")
    return 1 if wrong else 0


async def _run(
    given: argparse.Namespace, conversations: Sequence[Conversation]
) -> list[tuple[Conversation, list[Outcome]]]:
    entry, now = _entry(given), utc_now()
    institution = entry.institution_code or ""
    async with httpx.AsyncClient(base_url=given.base_url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        number = numbering(institution, f"{now.astimezone(CHINA):%Y%m%d%H%M%S}")
        line = line_to(OutsideClient(http, entry), base_url=given.base_url, number=number)
        county = given.county or institution[1:7]
        return await run_kit(line, conversations, institution=institution, county=county, today=china_date(now))


def _entry(given: argparse.Namespace) -> ClientEntry:
    """Return the client of the arguments, or the demo client of the institution."""
    if given.client_id:
        return ClientEntry(given.client_id, given.client_secret, "his", given.institution)
    return read_clients(given.clients).of_institution(given.institution)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.his_kit", description="Talk to a suite as a HIS does.")
    add_suite_arguments(parser)
    parser.add_argument("--institution", default="H21138100001", help="定点医药机构编号, 12 characters")
    parser.add_argument("--county", default="", help="参保地医保区划; by default digits 2 to 7 of the institution")
    parser.add_argument("--client-id", default="", help="instead of the demo clients' file")
    parser.add_argument("--client-secret", default="", help="of --client-id")
    parser.add_argument("--only", default="*", help="names of conversations, such as 'undo/*'")
    parser.add_argument("--conversations", type=Path, default=FOLDER, help="folder of the data files")
    return parser


if __name__ == "__main__":
    sys.exit(main())
