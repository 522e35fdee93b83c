"""A second calculation of a county's policy, from docs/policies.md alone.

Functions over the file's own dicts, whole fen, exact fractions.
It shares no line and no thought with services/settlement/domain: where the two differ, one of them misreads the page.
"""

from fractions import Fraction

import yaml

from tests.second.ways import pay_by_rule
from tests.second.words import (
    USUAL_LEVELS,
    age_on,
    as_list,
    days_old,
    fen,
    first_value,
    half_up,
    holds,
    in_force,
    lists_of,
)

NOTHING = {"base": 0, "deductible": 0, "paid": 0, "stays": 0}


def read(path):
    """The county's file as dicts and lists of text."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506


def answer(file, version, stay, bill, categories, before):
    """What every layer pays for the class that leaves the patient least.

    Args:
        file: The county's file.
        version: One of its versions.
        stay: Plain dict: visit_type, referral, admitted_on, discharged_on, settled_on, diagnosis, institution (code),
            scheme, insurance, born_on, insured_years, claim_free_years, contract, third_party, continuation,
            charged_before.
        bill: Fen: total, own_expense, over_limit, first_self_pay, in_scope, prior_relief; items: category -> in scope.
        categories: What the person is recognised as.
        before: Account -> base, deductible, paid, stays.
    """
    classes = [each["class"] for each in version["classes"] if set(each["categories"]) & set(categories)]
    answers = [as_class(file, version, stay, bill, name, before) for name in classes or ["ordinary"]]
    return min(answers, key=lambda each: each["patient"])


def as_class(file, version, stay, bill, name, before):
    facts = facts_of(file, version, stay, bill, name, before)
    empty = {"class": name, "paid": {}, "hospital": 0, "patient": bill["total"], "changes": {}}
    empty |= {"deductibles": {}, "inside": 0, "outside": 0}
    barred = any(holds(each.get("when", {}), facts) for each in version.get("exclusions", []))
    if stay["insurance"] != "insured" or barred:
        return empty
    work = {
        "before": before,
        "charged_before": stay["charged_before"],
        "hospital_code": stay["institution"],
        "day": day_of(stay, version.get("year_of", "discharge")),
        "relief": bill["prior_relief"],
        "bill": moved_out(version, bill, facts),
        "deductibles": {},
        "over_caps": 0,
        "changes": {},
        "paid": {},
        "hospital": 0,
    }
    work["rest_in"] = work["bill"]["in_scope"]
    work["rest_out"] = bill["total"] - work["rest_in"]
    facts["in_scope"] = work["rest_in"]
    for layer in version["layers"]:
        run_layer(layer, facts, work)
    if asks_for_stays(version):
        count_stay(stay, facts, work)
    return {
        "class": name,
        "paid": {place: paid for place, paid in work["paid"].items() if paid},
        "hospital": work["hospital"],
        "patient": work["rest_in"] + work["rest_out"],
        "changes": {account: each for account, each in work["changes"].items() if any(each.values())},
        "deductibles": work["deductibles"],
        "inside": work["bill"]["in_scope"] - work["rest_in"],
        "outside": bill["total"] - work["bill"]["in_scope"] - work["rest_out"],
    }


def day_of(stay, word):
    return stay[{"admission": "admitted_on", "discharge": "discharged_on", "settlement": "settled_on"}[word]]


def facts_of(file, version, stay, bill, name, before):
    """Every word and number a condition may ask."""
    place = next(each for each in file["institutions"] if each["code"] == stay["institution"])
    levels = file.get("levels", USUAL_LEVELS)
    used = {level for level in levels if before.get(f"stays@level:{level}", NOTHING)["stays"]} | {place["level"]}
    age = age_on(stay["born_on"], day_of(stay, version.get("age_on", "admission")))
    day = stay["discharged_on"]

    def how_manieth(part):
        return before.get(f"stays{part}", NOTHING)["stays"] + 1

    return {
        "visit_type": stay["visit_type"],
        "class": name,
        "level": place["level"],
        "highest_level": max(used, key=levels.index),
        "region": place["region"],
        "kind": place.get("kind", "general"),
        "institution": place["code"],
        "designated": place["designated"],
        "referral": stay["referral"],
        "scheme": stay["scheme"],
        "disease_list": lists_of(file, stay["diagnosis"], age, day),
        "contract": "yes" if stay["contract"] else "no",
        "continuation": stay["continuation"],
        "third_party": stay["third_party"],
        "paid_by": set(),
        "age": age,
        "age_days": days_old(stay["born_on"], day_of(stay, version.get("age_on", "admission"))),
        "stay_days": (stay["discharged_on"] - stay["admitted_on"]).days or 1,
        "stay": how_manieth(""),
        "stay_at_level": how_manieth(f"@level:{place['level']}"),
        "stay_at_hospital": how_manieth(f"@hospital:{place['code']}"),
        "insured_years": stay["insured_years"],
        "claim_free_years": stay["claim_free_years"],
        "total": bill["total"],
        "in_scope": bill["in_scope"],
        "rest_in_scope": bill["in_scope"],
        "rest": bill["total"],
        "figures": figures_on(file, day),
    }


def figures_on(file, day):
    return {each["name"]: fen(each["value"]) for each in file.get("figures", []) if in_force(each, day)}


def moved_out(version, bill, facts):
    """The bill after the first share of the cost in scope became first self-pay."""
    share = first_value(version.get("first_share"), facts) or Fraction(0)
    moved = half_up(share * bill["in_scope"])
    items = {name: amount - half_up(share * amount) for name, amount in bill["items"].items()}
    moved_out_of = {"in_scope": bill["in_scope"] - moved, "first_self_pay": bill["first_self_pay"] + moved}
    return bill | moved_out_of | {"items": items}


def run_layer(layer, facts, work):
    choice = layer.get("choose", "first")
    results = []
    for rule in layer["rules"]:
        facts["rest_in_scope"] = work["rest_in"]
        facts["rest"] = work["rest_in"] + work["rest_out"]
        if not holds(rule.get("when", {}), facts):
            continue
        result = pay_by_rule(rule, layer["layer"], facts, work)
        results.append(result)
        if choice == "all":
            book(result, layer, rule, facts, work)
        elif choice == "first":
            book(result, layer, rule, facts, work)
            break
        else:
            result["rule"] = rule
    if choice == "highest" and results:
        best = max(results, key=lambda each: each["paid"])
        book(best, layer, best["rule"], facts, work)
    if any(each["paid"] for each in results):
        facts["paid_by"].add(layer["layer"])


def book(result, layer, rule, facts, work):
    name = layer["layer"]
    inside = min(result["paid"], result["room_in"])
    work["rest_in"] -= inside
    work["rest_out"] -= result["paid"] - inside
    work["deductibles"][name] = work["deductibles"].get(name, 0) + result["deductible"]
    work["over_caps"] += result["over_cap"]
    fund = fund_of(layer, rule, facts)
    if fund == "hospital":
        work["hospital"] += result["paid"]
    else:
        work["paid"][name, fund] = work["paid"].get((name, fund), 0) + result["paid"]
    for account, change in result["changes"].items():
        add(work["changes"], account, change)


def fund_of(layer, rule, facts):
    for told in (rule.get("fund"), layer.get("fund")):
        for row in as_list(told):
            if isinstance(row, str):
                return row
            if holds(row.get("when", {}), facts):
                return row["value"]
    return None


def add(changes, account, change):
    so_far = changes.get(account, NOTHING)
    changes[account] = {word: so_far[word] + change.get(word, 0) for word in NOTHING}


def count_stay(stay, facts, work):
    """The stays of the year: altogether, at the level and in the hospital."""
    if stay["visit_type"] == "inpatient":
        for part in ("", f"@level:{facts['level']}", f"@hospital:{facts['institution']}"):
            add(work["changes"], f"stays{part}", {"stays": 1})


def asks_for_stays(told):
    """Whether any condition in here asks how many stays there were, or where."""
    if isinstance(told, dict):
        asked = {"stay", "stay_at_level", "stay_at_hospital", "highest_level"} & set(told.get("when", {}))
        return bool(asked) or any(asks_for_stays(each) for each in told.values())
    return isinstance(told, list) and any(asks_for_stays(each) for each in told)
