"""Who may see whom: a county's bureau its county, a township its own people.

Room: domain of monitoring.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.core.errors import NotFound, Refused


class UnknownHere(NotFound):
    """Nothing of this id exists that the caller may see; whether it exists elsewhere is not said."""

    zh = "没有找到，或不在权限范围内"


class BoundNowhere(Refused):
    """The caller's token names neither county nor township, so that nothing is its own."""

    code = "not_yours"
    zh = "令牌没有绑定县或乡镇"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a client bound to a county, and to one township of it or to none."""

    client_id: str
    county: str
    township: str | None = None

    def may_see(self, *, county: str, townships: tuple[str | None, ...]) -> bool:
        """Say whether something of this county, standing under any of these townships, is the viewer's own.

        An alert stands under the township that saw it closed and under the one its head lives in now: after a move the
        old township sees closed alerts only.
        """
        return county == self.county and (self.township is None or self.township in townships)


def viewer_of(*, client_id: str, county: str | None, township: str | None) -> Viewer:
    """Return the viewer behind a token; a township lies in the county of its first six digits.

    Raises:
        BoundNowhere: If the token names neither.
    """
    place = county or (township or "")[:6]
    if not place:
        raise BoundNowhere("the token is bound to no county")
    return Viewer(client_id, place, township)
