"""Clients (客户端): who may ask for a token, with which scopes, bound to which institution, county or township.

Part of the field: the door. Next: gateway/domain/grant.py decides what a token says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.core.errors import Refused

SCOPES: frozenset[str] = frozenset(
    {
        "his",
        "identity:read",
        "identity:write",
        "contracts",
        "monitoring",
        "funds",
        "events",
        "events:diagnosis",
        "operator",
    }
)
"""What people's software may do; `service:<name>` is for our own processes."""

_SERVICE_SCOPE = re.compile(r"service:[a-z][a-z0-9_]{0,39}")
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
_INSTITUTION = re.compile(r"[A-Za-z0-9]{4,32}")
_COUNTY = re.compile(r"[0-9]{6}")
_TOWNSHIP = re.compile(r"[0-9]{9}")
_UNBOUND = frozenset({"operator"})


class ClientIllFormed(Refused):
    """A client's name, scopes or binding do not fit together."""

    code = "client_ill_formed"
    zh = "客户端的名称、权限或绑定不正确"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        client_id: Its name, chosen once: `211381-hospital-1`.
        scopes: What its tokens may say at most.
        institution_code: The hospital it speaks for (定点医疗机构), if any.
        county: The county it is bound to, six digits.
        township: The township it is bound to, nine digits.
        is_revoked: Whether it may no longer act.
    """

    client_id: str
    scopes: frozenset[str]
    institution_code: str | None = None
    county: str | None = None
    township: str | None = None
    is_revoked: bool = False

    @property
    def scope_text(self) -> str:
        """The scopes as OAuth writes them: separated by spaces, in a steady order."""
        return " ".join(sorted(self.scopes))


def scopes_of(text: str) -> frozenset[str]:
    """Return the scopes of a text separated by spaces.

    >>> sorted(scopes_of("identity:write  identity:read"))
    ['identity:read', 'identity:write']
    """
    return frozenset(text.split())


def check_client(*, client: Client) -> Client:
    """Return the client when it makes sense.

    A hospital names its institution; whoever reads people names a county; a township lies in its county; one of our own
    processes is bound to nothing.

    Raises:
        ClientIllFormed: If it does not make sense; the detail says why.
    """
    for refusal in (_name_refusal(client), _scope_refusal(client), _binding_refusal(client)):
        if refusal:
            raise ClientIllFormed(refusal, client_id=client.client_id)
    return client


def is_client_id(text: str) -> bool:
    """Say whether a text could be a client's id."""
    return bool(_CLIENT_ID.fullmatch(text))


def _name_refusal(client: Client) -> str:
    if is_client_id(client.client_id):
        return ""
    return "a client id has 3 to 64 small letters, digits, dots, hyphens or underscores"


def _scope_refusal(client: Client) -> str:
    unknown = sorted(each for each in client.scopes if each not in SCOPES and not _SERVICE_SCOPE.fullmatch(each))
    if unknown:
        return f"unknown scope {unknown[0]}; known are {', '.join(sorted(SCOPES))} and service:<name>"
    if not client.scopes:
        return "a client needs at least one scope"
    return ""


def _binding_refusal(client: Client) -> str:
    for value, shape, says in (
        (client.institution_code, _INSTITUTION, "an institution code has 4 to 32 letters and digits"),
        (client.county, _COUNTY, "a county has six digits"),
        (client.township, _TOWNSHIP, "a township has nine digits"),
    ):
        if value is not None and not shape.fullmatch(value):
            return says
    if ("his" in client.scopes) != (client.institution_code is not None):
        return "the scope his and an institution code belong together"
    if client.township is not None and client.township[:6] != client.county:
        return "a township begins with the six digits of its county"
    return _county_refusal(client)


def _county_refusal(client: Client) -> str:
    services = {each for each in client.scopes if each.startswith("service:")}
    if services:
        bound = client.county or client.institution_code or len(client.scopes) > 1
        return "a service client has its one scope and is bound to nothing" if bound else ""
    if client.county is None and not client.scopes <= _UNBOUND:
        return "this client needs a county"
    return ""
