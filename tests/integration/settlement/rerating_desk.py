"""What the tests of re-rating ask of the service, and how they let the worker's steps run."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

from common.kit.cause import Cause
from common.kit.sealing import Seal
from common.published.identity import EntitlementChanged
from services.settlement.adapters import persons
from services.settlement.adapters.clearing_terms import load_terms
from services.settlement.adapters.policy_files import load_policies
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.rate_persons import Rating
from services.settlement.worker import rerate_step
from tests.integration.settlement.conftest import COUNTY, NUMBER, PERSON_KEY, person_of

POLICIES = load_policies()
TERMS = load_terms()
YEAR = {"discharged_from": "2016-01-01", "discharged_to": "2016-12-31"}
OPENED = {"county": COUNTY, **YEAR, "cause": "late_list", "document": "扶贫办〔2016〕7号", "proposed_by": "甲"}
AMOUNTS = ("layers", "fund_paid_fen", "hospital_borne_fen", "patient_pays_fen", "entitlement")


def rating(policies=POLICIES, *, waive_up_to=None):
    """What the worker knows of a county."""
    rules = Rules(policies, PERSON_KEY)
    return lambda county: Rating(rules, Seal(bytes(32)), waive_up_to or TERMS.of(county).waive_up_to)


async def work(counter, rating_of=None):
    """Let the worker's steps run until nothing is to be done; return how many there were."""
    steps = 0
    while await rerate_step(counter.database, rating_of=rating_of or rating(), clock=lambda: counter.now):
        steps += 1
    return steps


async def opened(counter, rating_of=None, **fields):
    """Open a case, let the worker list it and return it as the bureau reads it."""
    answer = await counter.post("/v1/reratings", counter.bureau, **(OPENED | fields))
    assert answer.status_code == 201, answer.text
    await work(counter, rating_of)
    return await case(counter, answer.json())


async def case(counter, told):
    return (await counter.get(f"/v1/reratings/{told['rerating_id']}", counter.bureau)).json()


async def decided(counter, told, *, by="乙", decision="approved"):
    return await counter.post(
        f"/v1/reratings/{told['rerating_id']}/decision",
        counter.bureau,
        decision=decision,
        decided_by=by,
        reason="领导小组纪要",
    )


async def booked(counter, told, rating_of=None):
    """Approve a case, let the worker book it and return it."""
    answer = await decided(counter, told)
    assert answer.status_code == 200, answer.text
    await work(counter, rating_of)
    return await case(counter, told)


async def lines(counter, told):
    return (await counter.get(f"/v1/reratings/{told['rerating_id']}/lines", counter.bureau)).json()["items"]


async def corrections(counter, settled, headers=None):
    answer = await counter.get(f"/v1/settlements/{settled['settlement_id']}/corrections", headers)
    return answer.json()["items"]


async def stands(counter, settled):
    """Return the amounts of a settlement as it stands, without the words of its steps."""
    later = await corrections(counter, settled)
    return amounts_of(later[-1]["result"] if later else settled)


def amounts_of(answer):
    told = {name: answer[name] for name in AMOUNTS}
    told["layers"] = [{**layer, "steps": len(layer["steps"])} for layer in told["layers"]]
    return told


async def categorise(counter, *, withdrawn, entitlement_id=None, version=1, category="registered_poor", number=NUMBER):
    """Let the registry tell of a category of somebody it knows."""
    entitlement_id = entitlement_id or uuid4()
    async with counter.database.unit_of_work(Cause("test")) as uow:
        await persons.categorise(
            uow.connection,
            EntitlementChanged(
                county=COUNTY,
                entitlement_id=entitlement_id,
                person_id=person_of(number),
                version=version,
                category=category,
                effective_from=date(2016, 1, 1),
                effective_to=None,
                authority="poverty_relief",
                list_date=date(2016, 9, 10),
                known_since=datetime(2016, 9, 20, tzinfo=UTC),
                withdrawn=withdrawn,
                counting_category=category,
            ),
        )
    return entitlement_id


async def withdraw_all(counter, number=NUMBER):
    """Let the registry take back every category of a person, from the first day on."""
    rows = await counter.rows(
        f"SELECT entitlement_id, version FROM known_category WHERE person_id = '{person_of(number)}'"  # noqa: S608 - ours
    )
    for entitlement_id, version in rows:
        await categorise(counter, withdrawn=True, entitlement_id=entitlement_id, version=version + 1, number=number)


def with_ratio_of(policies, layer, more, *, mark="x", county=COUNTY):
    """Return policies in which a layer of the county pays so many points more, under another digest."""
    policy = policies[county]
    versions = tuple(
        replace(
            version, digest=f"{version.digest}{mark}", layers=tuple(_more(each, layer, more) for each in version.layers)
        )
        for version in policy.versions
    )
    return {**policies, county: replace(policy, versions=versions)}


def not_in_force(policies):
    """Return policies whose versions of the county all begin far ahead."""
    policy = policies[COUNTY]
    versions = tuple(replace(version, starts_on=date(2099, 1, 1)) for version in policy.versions)
    return {**policies, COUNTY: replace(policy, versions=versions)}


def counting_elsewhere(policies, layer):
    """Return policies in which a layer of the county counts on an account of another name, and pays the same."""
    policy = policies[COUNTY]
    versions = tuple(
        replace(
            version,
            digest=f"{version.digest}y",
            layers=tuple(_elsewhere(each) if each.name == layer else each for each in version.layers),
        )
        for version in policy.versions
    )
    return {**policies, COUNTY: replace(policy, versions=versions)}


def _elsewhere(layer):
    rules = (
        replace(rule, caps=(replace(rule.caps[0], account=f"{rule.account}_new"), *rule.caps[1:]))
        for rule in layer.rules
    )
    return replace(layer, rules=tuple(rules))


def _more(layer, name, more):
    if layer.name != name:
        return layer
    return replace(layer, rules=tuple(_paying_more(rule, more) for rule in layer.rules))


def _paying_more(rule, more):
    bands = tuple(replace(band, ratio=_higher(band.ratio, more)) for band in rule.method.bands)
    return replace(rule, method=replace(rule.method, bands=bands))


def _higher(table, more):
    return replace(table, rows=tuple(replace(row, value=row.value + more) for row in table.rows))
