"""Small county files drawn from every switch of docs/policies.md, as text that a county could have written."""

import yaml
from hypothesis import strategies as st

SAID = {"source": "plan"}
FUNDS = ["resident_basic", "critical_illness_insurer", "medical_assistance", "finance", "hospital"]
NAMES = ["basic", "critical_illness", "medical_assistance", "extra"]
WORDS = {
    "visit_type": ["inpatient", "outpatient", "special_outpatient"],
    "class": ["destitute", "poor", "low_income", "ordinary"],
    "level": ["township", "county", "prefecture", "province"],
    "highest_level": ["township", "county", "prefecture", "province"],
    "region": ["inside", "prefecture", "outside"],
    "kind": ["general", "tcm"],
    "institution": ["TOWN1", "COUNTY1", "CITY1", "AWAY1"],
    "designated": ["yes", "no"],
    "referral": ["none", "referred", "filed", "emergency", "resident_outside", "self_referred"],
    "scheme": ["rural_cooperative", "resident", "employee"],
    "disease_list": ["major", "hypertension", "children"],
    "contract": ["yes", "no"],
    "continuation": ["none", "mid_stay", "transfer"],
    "third_party": ["none", "liable", "absent"],
}
COUNTS = {
    "age": 80,
    "age_days": 900,
    "stay_days": 12,
    "stay": 5,
    "stay_at_level": 4,
    "stay_at_hospital": 3,
    "insured_years": 10,
    "claim_free_years": 5,
}
MONEY = ["total", "in_scope", "rest_in_scope", "rest"]
HEAD = {
    "county": "999903",
    "name": "样例县",
    "sources": {"plan": "样例文件"},
    "institutions": [
        {"code": "TOWN1", "name": "卫生院", "level": "township", "region": "inside", "designated": "yes"},
        {"code": "COUNTY1", "name": "中医院", "level": "county", "region": "inside", "kind": "tcm", "designated": "no"},
        {"code": "CITY1", "name": "市医院", "level": "prefecture", "region": "prefecture", "designated": "yes"},
        {"code": "AWAY1", "name": "省外医院", "level": "province", "region": "outside", "designated": "yes"},
    ],
    "disease_lists": [
        {"name": "major", "diseases": [{"name": "恶性肿瘤", "icd10": ["C00-C97"]}]},
        {"name": "hypertension", "to": "2020-07-01", "diseases": [{"name": "高血压", "icd10": ["I10"]}]},
        {"name": "children", "ages": {"below": "15"}, "diseases": [{"name": "白血病", "icd10": ["C91"]}]},
    ],
    "figures": [
        {"name": "income", "from": "2019-01-01", "to": "2020-07-01", "value": "20001.30", **SAID},
        {"name": "income", "from": "2020-07-01", "value": "30000", **SAID},
    ],
}
EXAMPLE = {
    "name": "例",
    "by_hand": "不计算",
    "discharged_on": "2020-01-01",
    "institution": "TOWN1",
    "total": "0",
    "in_scope": "0",
    "expect": {"class": "ordinary", "paid": {}, "patient": "0"},
}
VERSION = {
    "from": "2020-01-01",
    "known_since": "2020-01-01",
    **SAID,
    "approved_by": "样例",
    "classes": [
        {"class": "destitute", "label": "特困", "categories": ["destitute", "orphan"]},
        {"class": "poor", "label": "建档立卡", "categories": ["registered_poor"]},
        {"class": "low_income", "label": "低收入", "categories": ["low_income", "orphan"]},
    ],
    "examples": [EXAMPLE],
}
BASES = ["in_scope", "rest_in_scope", "rest_in_scope", "out_of_scope", "total", "rest"]
YUAN = st.sampled_from(["0", "0.01", "100", "333.33", "1000.50", "5000", "20000"])
RATIO = st.sampled_from(["0", "0.05", "0.333", "0.5", "0.675", "0.85", "1"])


@st.composite
def files(draw):
    """Text of one county's file with one version."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    version = VERSION | {"layers": [draw(layers(name, names[:place])) for place, name in enumerate(names)]}
    for key in ("status_day", "year_of", "age_on"):
        if draw(st.integers(0, 3)) == 0:
            version[key] = draw(st.sampled_from(["admission", "discharge", "settlement"]))
    if draw(st.integers(0, 3)) == 0:
        version["first_share"] = draw(tables(RATIO, [], always=False))
    if draw(st.integers(0, 7)) == 0:
        version["exclusions"] = [{"when": draw(conditions([])), "zh": "不予支付", "en": "Nothing is paid.", **SAID}]
    return as_text(version)


def as_text(version):
    """The county's file with one version."""
    dated = {"institutions": {"from": "2010-01-01"}, "disease_lists": {"from": "2010-01-01", **SAID}}
    head = HEAD | {key: [dates | each for each in HEAD[key]] for key, dates in dated.items()}
    return yaml.safe_dump(head | {"versions": [version]}, allow_unicode=True, sort_keys=False)


@st.composite
def layers(draw, name, earlier):
    """One layer of one to three rules; the last lets everybody in more often than not."""
    rules = [draw(rules_of(name, place, earlier)) for place in range(draw(st.sampled_from([1, 1, 2, 3])))]
    layer = {"layer": name, "label": name, "fund": draw(st.sampled_from(FUNDS)), "rules": rules}
    if draw(st.booleans()):
        layer["choose"] = draw(st.sampled_from(["first", "highest", "all"]))
    return layer


@st.composite
def rules_of(draw, layer, place, earlier):
    """One rule: what counts, start line, way of paying, caps."""
    own = f"{layer}_{place}"
    account = draw(st.sampled_from([own, own, own, layer, "together"]))
    rule = {"rule": f"rule_{place}", "label": f"{layer} {place}", "account": account}
    if when := draw(st.just({}) | conditions(earlier)):
        rule["when"] = when
    rule |= draw(counted(earlier))
    rule |= draw(lines(rule, earlier))
    rule |= draw(st.one_of(shares(earlier), shares(earlier), other_ways(earlier)))
    if "own_limit" in rule:
        rule["account"] = f"own_{layer}_{place}"
    rule |= draw(caps(rule, earlier))
    if draw(st.integers(0, 7)) == 0:
        rule["fund"] = draw(tables(st.sampled_from(FUNDS), earlier))
    if draw(st.integers(0, 15)) == 0:
        rule["on_application"] = "yes"
    return rule


@st.composite
def counted(draw, earlier):
    told = {"base": draw(st.sampled_from(BASES))}
    if told["base"] == "in_scope" and draw(st.integers(0, 3)) == 0:
        told["base_items"] = draw(some(["药费", "床位费", "unlisted"]))
    if told["base"] in {"in_scope", "rest_in_scope"} and draw(st.integers(0, 3)) == 0:
        told["base_plus"] = draw(some(["first_self_pay", "over_limit", "own_expense"]))
    if earlier and draw(st.integers(0, 2)) == 0:
        told["base_less"] = draw(some(["start_line", "over_cap"]))
    if told["base"] != "total" and draw(st.booleans()):
        told["less_prior_relief"] = "yes"
    if draw(st.integers(0, 3)) == 0:
        told["base_cap"] = draw(tables(amounts(), earlier, always=False))
        told |= draw(st.sampled_from([{}, {"base_cap_per_year": "yes"}, {"base_cap_first": "no"}]))
    if draw(st.integers(0, 2)) == 0:
        told["counting"] = draw(st.sampled_from(["per_stay", "per_year", "per_year_unused"]))
    return told


@st.composite
def lines(draw, rule, earlier):
    """The start line and its switches."""
    if draw(st.integers(0, 3)) == 0:
        return {}
    told = {"start_line": draw(tables(amounts(), earlier))}
    if draw(st.integers(0, 3)) == 0:
        told["start_line_share"] = draw(tables(RATIO, earlier, always=False))
    if rule.get("counting", "per_stay") != "per_stay":
        return told
    if draw(st.booleans()):
        windows = ["per_stay", "per_year", "per_hospital", "per_quarter", "per_month"]
        told["start_line_window"] = draw(st.sampled_from(windows))
    if draw(st.integers(0, 4)) == 0:
        told["start_line_year_limit"] = draw(tables(amounts(), earlier, always=False))
    if draw(st.integers(0, 4)) == 0:
        told["start_line_shared_with"] = draw(some(["mid_stay", "transfer"]))
    return told


@st.composite
def shares(draw, earlier):
    """A ratio or bands, with points, a least ratio and a floor."""
    told = {}
    if draw(st.booleans()):
        told["ratio"] = draw(tables(RATIO, earlier))
    else:
        edges = sorted(draw(st.lists(st.sampled_from([500, 1000, 8000, 30000]), min_size=1, max_size=3, unique=True)))
        tops = [valued(str(edge)) for edge in edges]
        told["bands"] = [{"up_to": top, "ratio": draw(tables(RATIO, earlier))} for top in tops]
        told["bands"].append({"ratio": draw(tables(RATIO, earlier))})
        if draw(st.booleans()):
            told["edges"] = draw(st.sampled_from(["absolute", "above_start_line"]))
    if draw(st.integers(0, 2)) == 0:
        points = st.sampled_from(["0.05", "0.10", "-0.20", "0.375"])
        told["points"] = draw(tables(points, earlier, always=False))
    if draw(st.integers(0, 5)) == 0:
        told["at_least"] = draw(tables(RATIO, earlier, always=False))
    if draw(st.integers(0, 5)) == 0:
        told["floor"] = draw(tables(RATIO, earlier, always=False))
        told["floor_of"] = draw(st.sampled_from(["in_scope", "total", "base"]))
    return told


@st.composite
def other_ways(draw, earlier):
    kind = draw(st.sampled_from(["amount", "package_price", "reach", "leave", "own_limit"]))
    if kind in {"reach", "leave"}:
        told = {kind: draw(tables(RATIO, earlier))}
        return told | ({"reach_of": draw(st.sampled_from(["total", "in_scope"]))} if kind == "reach" else {})
    told = {kind: draw(tables(amounts(), earlier))}
    if kind == "own_limit" and draw(st.booleans()):
        told["own_limit_window"] = draw(st.sampled_from(["per_year", "per_stay"]))
    if kind == "package_price":
        price_share = RATIO.map(lambda share: {"share": share, "of": "price", **SAID})
        fixed = YUAN.map(lambda yuan: {"value": yuan, **SAID})
        told["package_patient"] = draw(price_share | fixed)
    return told


@st.composite
def caps(draw, rule, earlier):
    told = {}
    if draw(st.booleans()):
        told["cap"] = draw(tables(amounts(), earlier, always=False))
        if draw(st.integers(0, 2)) == 0:
            measures = draw(some(["insured_years", "claim_free_years"]))
            told["cap_growth"] = [{"per": each, "above": "2", "value": draw(YUAN), **SAID} for each in measures]
            if draw(st.booleans()):
                told["cap_growth_at_most"] = draw(tables(RATIO, earlier))
    if draw(st.integers(0, 3)) == 0:
        account = draw(st.sampled_from([name for name in ["together", "basic", "extra_0"] if name != rule["account"]]))
        told["more_caps"] = [{"account": account, "cap": draw(tables(amounts(), earlier))}]
    if draw(st.integers(0, 3)) == 0:
        window = draw(st.sampled_from(["per_month", "per_quarter", "per_stay"]))
        own = [] if "own_limit" in rule else [rule["account"]]  # That of an own_limit is used by nothing else.
        account = {} if window == "per_stay" else {"account": draw(st.sampled_from(["together", *own]))}
        told.setdefault("more_caps", []).append({**account, "window": window, "cap": draw(tables(amounts(), earlier))})
    if "disease_list" in rule.get("when", {}) and draw(st.booleans()):
        told["account_per_list"] = "yes"
    return told


@st.composite
def tables(draw, values, earlier, *, always=True):
    """One value, or rows of which the first that holds counts; `always` closes with a row for everybody."""
    rows = [{"when": draw(conditions(earlier)), **valued(draw(values))} for _ in range(draw(st.integers(0, 2)))]
    if always or not rows or draw(st.booleans()):
        rows.append(valued(draw(values)))
    return rows[0] if len(rows) == 1 and draw(st.booleans()) else rows


def valued(told):
    return told if isinstance(told, dict) else {"value": told, **SAID}


@st.composite
def amounts(draw):
    """Yuan, a share of a figure, or a share of the bill between two ends."""
    kind = draw(st.sampled_from(["fixed", "fixed", "fixed", "income", "total", "in_scope"]))
    if kind == "fixed":
        return {"value": draw(YUAN), **SAID}
    told = {"share": draw(st.sampled_from(["0.05", "0.1", "0.333", "0.5"])), "of": kind}
    if kind != "income" and draw(st.booleans()):
        told |= {"at_least": "100", "at_most": draw(st.sampled_from(["100", "2000", "10000"]))}
    return told | SAID


@st.composite
def conditions(draw, earlier):
    """One or two words or numbers of section 2."""
    words = WORDS | ({"paid_by": earlier} if earlier else {})
    told = {}
    for word in draw(st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=2, unique=True)):
        told[word] = draw(some(words[word]))
    if draw(st.integers(0, 3)) == 0:
        told = dict(list(told.items())[:1])
        word = draw(st.sampled_from(sorted(COUNTS) + MONEY))
        most = COUNTS.get(word)
        told[word] = draw(spans(["500", "3000", "10000.50"] if most is None else list(range(most))))
    return told


@st.composite
def spans(draw, ends):
    """One end, or both, of which the lower comes first and something lies between."""
    low, high = sorted(draw(st.lists(st.sampled_from(ends), min_size=2, max_size=2, unique=True)), key=float)
    told = {"from": str(low), draw(st.sampled_from(["to", "below"])): str(high)}
    one_end = [{"above": str(low)}, {"from": str(low)}, {"to": str(high)}, {"below": str(high)}]
    return draw(st.sampled_from([told, *one_end]))


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=len(values), unique=True)
