"""Failpoints (故障点): named places in the code where a process can be made to die or freeze, for fault tests.

`FAILPOINT=name[:nth[:pause]]` ends the process with status 137 at its n-th passing of the place, as `kill -9` would;
with `pause` it stops itself there until someone sends it CONT. Only composition roots arm a point; in every process
without the setting, passing one is a look at an empty name. Points of events.md section 15 that belong to webhooks,
manifests, clearings and reservations come with these; they do not exist yet.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

import structlog

KILLED_STATUS = 137

NAMES = (
    "api.after_begin",
    "api.after_effect",
    "api.after_outbox",
    "api.after_commit_before_response",
    "relay.after_lock",
    "relay.after_read",
    "relay.after_send_before_ack",
    "relay.after_ack_before_delete",
    "relay.after_delete_before_commit",
    "consumer.after_fetch",
    "consumer.after_inbox",
    "consumer.after_effect",
    "consumer.after_db_commit_before_offset_commit",
    "consumer.after_offset_commit",
    "consumer.after_park",
    "consumer.before_undivert",
    "broker.after_append_before_commit",
    "broker.after_commit_before_ack",
    "broker.after_lock",
    "broker.before_offset_commit",
    "gateway.after_position_before_commit",
    "settlement.between_postings",
    "settlement.reversal_after_flip",
)
"""Every failpoint there is. The `broker.` ones are the embedded broker's, whose code runs in the workers."""

log = structlog.get_logger(__name__)


class FailpointUnknown(ValueError):
    """The setting does not name a failpoint in the form `name[:nth[:pause]]`."""


@dataclass(slots=True)
class Armed:
    """What happens where, and how many passings are still to come.

    Attributes:
        passings: How many passings are left, 1 when the next one counts.
        pauses: Whether the process stops itself there instead of dying.
    """

    name: str
    passings: int = 1
    pauses: bool = False


_armed = Armed("")


def parsed(text: str) -> Armed:
    """Return what a setting asks for; an empty one arms nothing.

    Raises:
        FailpointUnknown: If the name is not in the list, or the rest is not `:nth` from 1 or `:nth:pause`.

    >>> parsed("relay.after_read:3")
    Armed(name='relay.after_read', passings=3, pauses=False)
    """
    if not text:
        return Armed("")
    name, _, rest = text.partition(":")
    nth, _, manner = rest.partition(":")
    if name not in NAMES or not (nth or "1").isdecimal() or int(nth or "1") < 1 or manner not in {"", "pause"}:
        raise FailpointUnknown(f"{text!r} is not name[:nth[:pause]] with one of these names: {', '.join(NAMES)}")
    return Armed(name, int(nth or "1"), manner == "pause")


def arm(text: str) -> None:
    """Arm the point that a setting names, for this process; only composition roots call this.

    Raises:
        FailpointUnknown: As `parsed` says.
    """
    global _armed  # noqa: PLW0603 - one switch of the whole process: handing it through every function would cost calls
    _armed = parsed(text)
    if _armed.name:
        log.warning("failpoint_armed", failpoint=_armed.name, passings=_armed.passings, pauses=_armed.pauses)


def failpoint(name: str) -> None:
    """Die or freeze here when this point is armed and its turn has come."""
    if name == _armed.name:
        _pass()


def _pass() -> None:
    _armed.passings -= 1
    if _armed.passings:
        return
    if _armed.pauses:
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    os._exit(KILLED_STATUS)
