"""Stays, bills and the year's accounts before them, drawn for any county's file."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.second.both import Case
from tests.second.words import USUAL_LEVELS, as_list

VISITS = ["inpatient", "inpatient", "inpatient", "outpatient", "special_outpatient"]
REFERRALS = ["none", "referred", "filed", "emergency", "resident_outside", "self_referred"]
SCHEMES = ["rural_cooperative", "resident", "employee"]
STATES = ["insured"] * 8 + ["not_insured", "waiting"]
ODD_FEN = st.one_of(st.integers(0, 3_000_000), st.integers(0, 60_000_000), st.sampled_from([0, 1, 30_000, 50_000_00]))


@st.composite
def cases(draw, file, version, last_day):
    """One case for a version that is in force from its `from` until the day before `last_day`."""
    first_day = date.fromisoformat(version["from"])
    discharged = first_day + timedelta(days=draw(st.integers(0, (last_day - first_day).days - 1)))
    admitted = discharged - timedelta(days=draw(st.integers(0, 40)))
    settled = discharged + timedelta(days=draw(st.integers(0, 40)))
    stay = {
        "visit_type": draw(st.sampled_from(VISITS)),
        "referral": draw(st.sampled_from(REFERRALS)),
        "admitted_on": admitted,
        "discharged_on": discharged,
        "settled_on": settled,
        "diagnosis": draw(st.sampled_from(diagnoses(file))),
        "institution": draw(st.sampled_from([each["code"] for each in file["institutions"]])),
        "scheme": draw(st.sampled_from(SCHEMES)),
        "insurance": draw(st.sampled_from(STATES)),
        "born_on": draw(st.none() | births(admitted)),
        "insured_years": draw(st.integers(0, 12)),
        "claim_free_years": draw(st.integers(0, 6)),
        "contract": draw(st.booleans()),
        "third_party": draw(st.sampled_from(["none", "none", "none", "liable", "absent"])),
        "continuation": draw(st.sampled_from(["none", "none", "mid_stay", "transfer"])),
        "charged_before": {},
    }
    if stay["continuation"] != "none":
        stay["charged_before"] = {each["layer"]: draw(st.integers(0, 100_000)) for each in version["layers"]}
    names = sorted({name for each in version["classes"] for name in each["categories"]})
    categories = sorted(draw(st.sets(st.sampled_from(names), max_size=3))) if names else []
    return Case(stay=stay, bill=draw(bills()), categories=categories, before=draw(balances(file, version, stay)))


@st.composite
def births(draw, admitted):
    """Birthdays around the admission matter."""
    age = draw(st.sampled_from([0, 6, 7, 14, 15, 69, 70]) | st.integers(0, 99))
    birthday = date(admitted.year - age, admitted.month, min(admitted.day, 28))
    return birthday + timedelta(days=draw(st.integers(-2, 0)))


@st.composite
def bills(draw):
    in_scope = draw(ODD_FEN)
    outside = [draw(st.sampled_from([0, 0, 1]) | st.integers(0, 2_000_000)) for _ in range(3)]
    own, over, first = outside
    total = in_scope + sum(outside)
    relief = draw(st.sampled_from([0, 0, total // 3]) | st.integers(0, total))
    parts = {"own_expense": own, "over_limit": over, "first_self_pay": first, "in_scope": in_scope}
    drugs = draw(st.integers(0, in_scope))
    items = draw(st.sampled_from([{}, {"药费": drugs}, {"药费": drugs, "床位费": (in_scope - drugs) // 2}]))
    return {"total": total, "prior_relief": relief, "items": items, **parts}


@st.composite
def balances(draw, file, version, stay):
    """Accounts as the year may have left them: each one, its parts, and the stays."""
    found = {}
    for account in sorted(accounts(version)):
        if draw(st.booleans()):
            found[account] = draw(balance())
        for part in parts(file, stay):
            if draw(st.integers(0, 3)) == 0:
                found[f"{account}@{part}"] = draw(balance())
    levels = [f"stays@level:{level}" for level in file.get("levels", USUAL_LEVELS)]
    for name in ["stays", f"stays@hospital:{stay['institution']}", *levels]:
        if draw(st.booleans()):
            found[name] = stays(draw(st.integers(0, 4)))
    return found


@st.composite
def balance(draw):
    base = draw(ODD_FEN)
    deductible = draw(st.integers(0, min(base, 200_000)))
    paid = draw(st.integers(0, base - deductible))
    return {"base": base, "deductible": deductible, "paid": paid, "stays": draw(st.integers(0, 3))}


def stays(count):
    return {"base": 0, "deductible": 0, "paid": 0, "stays": count}


def accounts(version):
    rules = [rule for layer in version["layers"] for rule in layer["rules"]]
    return {rule["account"] for rule in rules if "account" in rule} | {
        more["account"] for rule in rules for more in rule.get("more_caps", []) if "account" in more
    }


def parts(file, stay):
    day = stay["discharged_on"]
    lists = [f"list:{each['name']}" for each in file.get("disease_lists", [])]
    return [f"hospital:{stay['institution']}", f"quarter:{(day.month + 2) // 3}", f"month:{day.month}", *lists]


def diagnoses(file):
    """Listed ones, their edges, and one that is on no list."""
    found = ["", "Z99.9", "D10"]
    for each in file.get("disease_lists", []):
        for pattern in (pattern for disease in each["diseases"] for pattern in as_list(disease["icd10"])):
            low, high = (pattern.split("-") * 2)[:2]
            found += [low, f"{low}.5", f"{high}.900x001"]
    return found
