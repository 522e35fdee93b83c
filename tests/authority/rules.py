"""Who may do what: the one table, written from api.md and not from the code, that every route is held to.

A route without a line here fails the tests; so does a line without a route.
"""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = (
    "his",
    "identity:read",
    "identity:write",
    "contracts",
    "monitoring",
    "funds",
    "events",
    "events:diagnosis",
    "operator",
    "service:identity",
    "service:settlement",
)
"""Every scope that a client of the suite may hold; one more of our own processes stands for all the others."""

BINDINGS = {
    "his": {"institution"},
    "funds": {"county"},
    "identity:write": {"county"},
    "identity:read": {"county", "township"},
    "contracts": {"county", "township"},
    "monitoring": {"county", "township"},
    "events": {"county"},
}
"""What the clients of a scope are bound to (api.md, "Who may do what"); the others are bound to nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may make one call.

    Attributes:
        service: Which process answers it.
        scopes: Any one of them suffices; empty asks for no token.
        is_outward: Whether the gateway lets it through.
        is_of_nobody: Whether nothing it shows belongs to an institution, county or township.
    """

    service: str
    scopes: frozenset[str]
    is_outward: bool = True
    is_of_nobody: bool = False

    @property
    def bindings(self) -> frozenset[str]:
        """Return by what the call tells its callers apart."""
        if self.is_of_nobody:
            return frozenset()
        return frozenset(each for scope in self.scopes for each in BINDINGS.get(scope, ()))


def _by(service: str, *scopes: str, **more: bool) -> Rule:
    return Rule(service, frozenset(scopes), **more)


def _open(service: str, **more: bool) -> Rule:
    return Rule(service, frozenset(), is_of_nobody=True, **more)


_OUR_OWN = tuple(f"service:{name}" for name in ("identity", "settlement", "contracts", "monitoring", "gateway"))

RULES: dict[str, Rule] = {
    "POST /v1/discharges": _by("settlement", "his"),
    "POST /v1/discharges/preview": _by("settlement", "his"),
    "POST /v1/settlements/{settlement_id}/reversal": _by("settlement", "his"),
    "POST /v1/reversals": _by("settlement", "his"),
    "POST /v1/settlements/{settlement_id}/unpaid-share": _by("settlement", "his"),
    "POST /v1/settlements/{settlement_id}/receipts": _by("settlement", "his"),
    "GET /v1/unpaid-shares": _by("settlement", "his", "funds"),
    "POST /v1/claims": _by("settlement", "funds"),
    "POST /v1/claims/preview": _by("settlement", "funds"),
    "POST /v1/claims/{settlement_id}/reversal": _by("settlement", "funds"),
    "GET /v1/settlements": _by("settlement", "his", "funds"),
    "GET /v1/settlements/{settlement_id}": _by("settlement", "his", "funds"),
    "GET /v1/settlements/{settlement_id}/slip": _by("settlement", "his", "funds"),
    "GET /v1/slips/{code}": _open("settlement"),
    "GET /v1/settlements/{settlement_id}/trace": _by("settlement", "his", "funds"),
    "POST /v1/entitlements/check": _by("settlement", "his"),
    "POST /v1/openings": _by("settlement", "funds"),
    "GET /v1/family-accounts/{household_id}": _by("settlement", "funds"),
    "POST /v1/family-accounts/{household_id}/openings": _by("settlement", "funds"),
    "POST /v1/reconciliations": _by("settlement", "his"),
    "POST /v1/clearings": _by("settlement", "funds"),
    "GET /v1/clearings": _by("settlement", "funds", "his"),
    "GET /v1/clearings/{clearing_id}": _by("settlement", "funds", "his"),
    "GET /v1/clearings/{clearing_id}/lines": _by("settlement", "funds", "his"),
    "POST /v1/clearings/{clearing_id}/verdicts": _by("settlement", "funds"),
    "POST /v1/clearings/{clearing_id}/closing": _by("settlement", "funds"),
    "POST /v1/repayments": _by("settlement", "funds"),
    "GET /v1/exposures": _by("settlement", "funds", "his"),
    "POST /v1/reratings": _by("settlement", "funds"),
    "GET /v1/reratings": _by("settlement", "funds"),
    "GET /v1/reratings/{rerating_id}": _by("settlement", "funds"),
    "GET /v1/reratings/{rerating_id}/lines": _by("settlement", "funds"),
    "POST /v1/reratings/{rerating_id}/decision": _by("settlement", "funds"),
    "GET /v1/cost-control": _by("settlement", "his", "funds"),
    "POST /v1/gap-cases": _by("settlement", "funds"),
    "GET /v1/gap-cases": _by("settlement", "funds"),
    "POST /v1/relief-plans": _by("settlement", "funds"),
    "GET /v1/relief-plans": _by("settlement", "funds"),
    "GET /v1/relief-plans/{plan_id}": _by("settlement", "funds"),
    "POST /v1/relief-plans/{plan_id}/decision": _by("settlement", "funds"),
    "GET /v1/relief-plans/{plan_id}/publication": _by("settlement", "funds"),
    "GET /v1/settlements/{settlement_id}/relief": _by("settlement", "his", "funds"),
    "GET /v1/settlements/{settlement_id}/corrections": _by("settlement", "his", "funds"),
    "POST /v1/funds/{fund}/budgets": _by("settlement", "funds"),
    "GET /v1/funds/{fund}/budgets": _by("settlement", "funds"),
    "POST /v1/reported-totals": _by("settlement", "funds"),
    "GET /v1/reported-totals": _by("settlement", "funds"),
    "POST /v1/funds/{fund}/reservations": _by("settlement", "funds"),
    "POST /v1/funds/{fund}/reservations/{reservation_id}/release": _by("settlement", "funds"),
    "GET /v1/funds/{fund}/statement": _by("settlement", "funds"),
    "POST /v1/his/messages": _by("settlement", "his"),
    "GET /internal/discharges/{discharge_id}/patient": _by("settlement", "service:identity", is_outward=False),
    "GET /internal/events": _by("identity", *_OUR_OWN, is_outward=False),
    "GET /internal/events/heads": _by("identity", *_OUR_OWN, is_outward=False),
    "POST /v1/rosters": _by("identity", "identity:write"),
    "GET /v1/rosters/{roster_id}": _by("identity", "identity:write"),
    "GET /v1/rosters/{roster_id}/rows": _by("identity", "identity:write"),
    "GET /v1/rosters/{roster_id}/end-proposals": _by("identity", "identity:write"),
    "POST /v1/rosters/{roster_id}/publish": _by("identity", "identity:write"),
    "GET /v1/persons/{person_id}": _by("identity", "identity:read"),
    "POST /v1/persons/search": _by("identity", "identity:read"),
    "GET /v1/households/{household_id}": _by("identity", "identity:read"),
    "GET /v1/verification-tasks": _by("identity", "identity:read"),
    "POST /v1/teams": _by("contracts", "contracts"),
    "GET /v1/teams": _by("contracts", "contracts"),
    "POST /v1/contracts": _by("contracts", "contracts"),
    "GET /v1/contracts": _by("contracts", "contracts"),
    "POST /v1/contracts/{contract_id}/end": _by("contracts", "contracts"),
    "GET /v1/follow-ups": _by("contracts", "contracts"),
    "POST /v1/follow-ups/{follow_up_id}/visit": _by("contracts", "contracts"),
    "GET /v1/alerts": _by("monitoring", "monitoring"),
    "GET /v1/events": _by("gateway", "events"),
    "GET /v1/audit": _by("gateway", "operator", is_of_nobody=True),
    "POST /oauth/token": _open("gateway"),
    "GET /.well-known/jwks.json": _open("gateway"),
    "GET /docs": _open("gateway"),
    "GET /openapi.json": _open("gateway"),
    "GET /asyncapi.json": _open("gateway"),
    "GET /schemas/{event_type}.json": _open("gateway"),
}

OPERATIONS = {
    call.format(service): _by(service, "operator", is_of_nobody=True)
    for service in ("identity", "settlement", "contracts", "monitoring", "gateway")
    for call in (
        "GET /v1/operations/{}/parked-keys",
        "POST /v1/operations/{}/parked-keys/{{parked_key_id}}/retry",
        "POST /v1/operations/{}/parked-keys/{{parked_key_id}}/skip",
    )
}
"""Every service answers for the keys that wait in its own database."""

RULES |= OPERATIONS

OF_EVERY_PRODUCER = frozenset({"GET /internal/events", "GET /internal/events/heads"})
"""What every service answers, not only the one of its line; the gateway, which is the door, does not."""

HEALTH = frozenset({"GET /healthz", "GET /readyz"})
"""What every process answers without a token; the gateway answers with its own."""

CATCH_ALL = "gateway ANY /{path:path}"
"""The gateway's last route: it forwards what its table, made from the declared routes, names, and nothing else."""
