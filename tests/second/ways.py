"""One rule of a layer: what counts, the start line, the way of paying, the caps.

docs/policies.md section 4, row by row.
"""

from fractions import Fraction

from tests.second.words import as_list, first_amount, first_value, half_up, rows_that_hold

NOTHING = {"base": 0, "deductible": 0, "paid": 0, "stays": 0}


def pay_by_rule(rule, layer, facts, work):
    """What the rule pays now, and what it would change; nothing is booked here."""
    account = account_of(rule, facts)
    was = stands(work, account)
    base, room_in, room = what_counts(rule, was, facts, work)
    if rule.get("on_application") == "yes":
        return {"paid": 0, "room_in": 0, "deductible": 0, "over_cap": 0, "changes": {}}
    counting = rule.get("counting", "per_stay")
    window = {"base": base, "was": was, "account": account}
    deductible = start_line(rule, layer, counting, facts, work, window)
    exact = way(rule, counting, base, deductible, facts, work, was)
    uncapped = min(half_up(max(exact, Fraction(0))), room)
    accounts = accounts_of(rule, facts, work)
    paid = uncapped
    for name, cap in accounts:
        limit = cap_of(cap, rule if cap is rule.get("cap") else {}, facts)
        if limit is not None:
            paid = min(paid, max(0, limit - stands(work, name)["paid"]))
    return {
        "paid": paid,
        "room_in": room_in,
        "deductible": deductible,
        "over_cap": uncapped - paid,
        "changes": changes_of(rule, (base, deductible, paid), was, accounts, work),
    }


def stands(work, account):
    """The account when the rule's turn comes: the year before the stay, and what its earlier rules added."""
    earlier, added = work["before"].get(account, NOTHING), work["changes"].get(account, NOTHING)
    return {word: earlier[word] + added[word] for word in NOTHING}


def what_counts(rule, was, facts, work):
    """The counted cost, what of it a payment may take inside the scope, and what it may take at all."""
    kind = rule.get("base", "rest")
    bill = work["bill"]
    rest_in, rest_out = work["rest_in"], work["rest_out"]
    counted = {
        "in_scope": of_items(rule["base_items"], bill) if "base_items" in rule else bill["in_scope"],
        "rest_in_scope": rest_in,
        "out_of_scope": rest_out,
        "total": bill["total"],
        "rest": rest_in + rest_out,
    }[kind]
    plus = sum(bill[part] for part in rule.get("base_plus", []))
    room_in = 0 if kind == "out_of_scope" else rest_in
    room_out = rest_out if kind in {"out_of_scope", "total", "rest"} else min(plus, rest_out)
    base = counted + plus
    less = rule.get("base_less", [])
    if "start_line" in less:
        base -= sum(work["deductibles"].values())
    if "over_cap" in less:
        base -= work["over_caps"]
    room = room_in + room_out
    if rule.get("less_prior_relief") == "yes":
        base -= work["relief"] if kind.startswith("rest") else 0
        room = max(0, room - work["relief"])
    base = max(0, base)
    cap = first_amount(rule.get("base_cap"), facts)
    if cap is not None and rule.get("base_cap_first") != "no":
        if rule.get("base_cap_per_year") == "yes":
            cap = max(0, cap - was["base"])
        base = min(base, cap)
    unrelieved = max(0, rest_in + rest_out - work["relief"])
    return base, room_in, min(base, room, unrelieved)


def of_items(names, bill):
    """What of some categories is in scope; `unlisted` is what no line tells the category of."""
    known = bill["items"] | {"unlisted": max(0, bill["in_scope"] - sum(bill["items"].values()))}
    return sum(known.get(name, 0) for name in names)


def start_line(rule, layer, counting, facts, work, window):
    """What is charged of the start line for this stay."""
    standard = standard_of(rule, facts)
    base, was = window["base"], window["was"]
    if counting != "per_stay":
        return min(was["base"] + base, standard) - min(was["base"], standard)
    due = standard
    if facts["continuation"] in as_list(rule.get("start_line_shared_with")):
        due = max(0, due - work["charged_before"].get(layer, 0))
    kind = rule.get("start_line_window", "per_stay")
    if kind != "per_stay":
        part = stands(work, part_of(window["account"], kind, work))
        first_there = due if not part["stays"] else 0
        due = first_there if kind == "per_hospital" else max(0, due - part["deductible"])
    limit = first_amount(rule.get("start_line_year_limit"), facts)
    if limit is not None:
        due = min(due, max(0, limit - was["deductible"]))
    return min(due, base)


def standard_of(rule, facts):
    standard = first_amount(rule.get("start_line"), facts) or 0
    share = first_value(rule.get("start_line_share"), facts)
    return standard if share is None else half_up(standard * share)


def part_of(account, kind, work):
    """The account, or the part of it, that a start line window is counted on."""
    day = work["day"]
    parts = {
        "per_year": "",
        "per_hospital": f"@hospital:{work['hospital_code']}",
        "per_quarter": f"@quarter:{(day.month + 2) // 3}",
        "per_month": f"@month:{day.month}",
    }
    return account + parts[kind]


def way(rule, counting, base, deductible, facts, work, was):
    """The payment before rounding and caps."""
    if "amount" in rule:
        after_line = base - deductible
        if rule.get("base_cap_first") == "no" and (cap := first_amount(rule.get("base_cap"), facts)) is not None:
            after_line = min(after_line, cap)
        return Fraction(min(first_amount(rule["amount"], facts) or 0, after_line))
    if "package_price" in rule:
        price = first_amount(rule["package_price"], facts)
        return Fraction(min(facts["total"], price) - (first_amount(rule["package_patient"], facts, price) or 0))
    so_far = work["bill"]["total"] - work["rest_in"] - work["rest_out"]
    if "reach" in rule:
        whole = facts[rule.get("reach_of", "total")]
        return Fraction(half_up(first_value(rule["reach"], facts) * whole) - so_far)
    if "leave" in rule:
        return Fraction(facts["total"] - so_far - half_up(first_value(rule["leave"], facts) * facts["total"]))
    if "own_limit" in rule:
        earlier = 0 if rule.get("own_limit_window") == "per_stay" else was["base"] - was["paid"]
        return Fraction(earlier + base - first_amount(rule["own_limit"], facts))
    return max(by_ratio(rule, counting, base, deductible, facts, was), floor(rule, base, facts))


def floor(rule, base, facts):
    share = first_value(rule.get("floor"), facts)
    whole = {"in_scope": facts["in_scope"], "total": facts["total"], "base": base}[rule.get("floor_of", "in_scope")]
    return Fraction(0) if share is None else share * whole


def by_ratio(rule, counting, base, deductible, facts, was):
    """F of the year after the stay less F before it, or F of the stay alone."""
    line = standard_of(rule, facts)
    if counting == "per_stay":
        return stepped(rule, deductible, base, facts)
    return stepped(rule, line, was["base"] + base, facts) - stepped(rule, line, was["base"], facts)


def stepped(rule, line, cost, facts):
    """Sum over the bands of the cost above the line; edges stand on the cost, or begin at the line."""
    if rule.get("base_cap_first") == "no" and (cap := first_amount(rule.get("base_cap"), facts)) is not None:
        cost = min(cost, line + cap)
    shift = line if rule.get("edges") == "above_start_line" else 0
    low, paid = 0, Fraction(0)
    for band in as_list(rule.get("bands")) or [{"ratio": rule["ratio"]}]:
        edge = first_amount(band.get("up_to"), facts)
        high = cost if edge is None else min(cost, edge + shift)
        paid += max(0, high - max(low, line)) * ratio_of(rule, band, facts)
        low = max(low, high)
        if edge is None:
            break
    return paid


def ratio_of(rule, band, facts):
    ratio = first_value(band["ratio"], facts) or Fraction(0)
    ratio += sum(Fraction(row["value"]) for row in rows_that_hold(rule.get("points"), facts))
    least = first_value(rule.get("at_least"), facts)
    ratio = ratio if least is None else max(ratio, least)
    return min(max(ratio, Fraction(0)), Fraction(1))


def accounts_of(rule, facts, work):
    """Each account the payment counts against, with its cap."""
    more = [(capped_on(each, work), each["cap"]) for each in rule.get("more_caps", [])]
    return [(account_of(rule, facts), rule.get("cap")), *more]


def capped_on(cap, work):
    """The account, or the part of it, that a further cap is counted on; none where it limits each stay."""
    window = cap.get("window", "per_year")
    return None if window == "per_stay" else part_of(cap["account"], window, work)


def account_of(rule, facts):
    """The rule's account, or that of the first of the file's lists that the condition names and the diagnosis is on."""
    asked = rule.get("when", {}).get("disease_list", []) if rule.get("account_per_list") == "yes" else []
    named = [name for name in facts["disease_list"] if name in as_list(asked)]
    return f"{rule['account']}@list:{named[0]}" if named else rule["account"]


def cap_of(cap, rule, facts):
    limit = first_amount(cap, facts)
    if limit is None:
        return None
    grown = Fraction(0)
    for each in rows_that_hold(rule.get("cap_growth"), facts):
        steps = max(Fraction(0), facts[each["per"]] - Fraction(each.get("above", 0)))
        grown += steps * Fraction(each["value"]) * 100
    share = first_value(rule.get("cap_growth_at_most"), facts)
    return limit + half_up(grown if share is None else min(grown, share * limit))


def changes_of(rule, found, was, accounts, work):
    """What the stay adds to each account; `found` is what counted, what of the start line was charged, what is paid."""
    base, deductible, paid = found
    changes = {name: {"base": 0, "deductible": 0, "paid": paid, "stays": 0} for name, _ in accounts if name}
    if rule.get("account"):
        own = accounts[0][0]
        counted = base
        if rule.get("counting") == "per_year_unused" and paid:
            counted = -was["base"]
        changes[own] = {"base": counted, "deductible": deductible, "paid": paid, "stays": 1}
        kind = rule.get("start_line_window", "per_stay")
        if kind not in {"per_stay", "per_year"}:
            part = part_of(own, kind, work)
            paid_there = changes[part]["paid"] if part in changes else 0
            changes[part] = {"base": 0, "deductible": deductible, "paid": paid_there, "stays": 1}
    return changes
