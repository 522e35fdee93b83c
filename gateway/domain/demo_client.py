"""The clients of the demo world (演示客户端): for each county hospitals, townships, bureaus, a subscriber.

Their secrets are generated where they are provisioned; nothing here is secret.
"""

from __future__ import annotations

from gateway.domain.client import Client, scopes_of

HOSPITALS = {"211381": ("H21138100001", "H21138100002"), "522632": ("H52263200001", "H52263200002")}
"""County to the institution codes that stand in its policy file."""

_TOWNSHIP_SCOPES = "identity:read contracts monitoring"
_BUREAUS = {
    "identity": "identity:write identity:read",
    "contracts": "contracts",
    "monitoring": "monitoring",
    "funds": "funds",
}
_OPERATOR_COUNTY = "211381"


def demo_clients() -> list[Client]:
    """Return every demo client; each names its county, the operator the one where the demo's operations sit."""
    clients = [client for county in HOSPITALS for client in _county_clients(county)]
    return [*clients, Client("operator", scopes_of("operator"), county=_OPERATOR_COUNTY)]


def service_client(*, service: str) -> Client:
    """Return the client of one of our own processes: scope `service:<name>`, bound to nothing."""
    return Client(f"service-{service}", scopes_of(f"service:{service}"))


def _county_clients(county: str) -> list[Client]:
    hospitals = [
        Client(f"{county}-hospital-{number}", scopes_of("his"), institution_code=code, county=county)
        for number, code in enumerate(HOSPITALS[county], 1)
    ]
    townships = [
        Client(
            f"{county}-township-{number}",
            scopes_of(_TOWNSHIP_SCOPES),
            county=county,
            township=f"{county}1{number:02d}",
        )
        for number in (1, 2)
    ]
    bureaus = [Client(f"{county}-bureau-{name}", scopes_of(scopes), county=county) for name, scopes in _BUREAUS.items()]
    return [*hospitals, *townships, *bureaus, Client(f"{county}-subscriber", scopes_of("events"), county=county)]
