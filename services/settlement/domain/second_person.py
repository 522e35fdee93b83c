"""Two people for what moves money later (双人审批): who proposed it does not decide it.

Bureaus sign in as systems, so both are named in the calls. Room: domain of settlement.
"""

from __future__ import annotations

from common.core.errors import Refused


class SecondPersonNeeded(Refused):
    """Who proposed something does not decide it."""

    code = "second_person_needed"
    zh = "提出人不能自行审批，须由另一人决定"


def require_second_person(*, proposed_by: str, decided_by: str) -> None:
    """Let a decision through that is somebody else's; spaces and the case of letters make nobody else.

    Raises:
        SecondPersonNeeded: If it is the same name.
    """
    if _plain(proposed_by) == _plain(decided_by):
        raise SecondPersonNeeded("the one who proposed it does not decide it")


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
