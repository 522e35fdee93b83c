"""What a county's file says about one stay: rows, conditions, amounts, lists.

Plain dicts of text, read from docs/policies.md alone and written without the engine in view, so that the two can be
held against each other.
"""

from datetime import date
from fractions import Fraction

USUAL_LEVELS = ["township", "county", "prefecture", "province"]
MONEY_NUMBERS = {"total", "in_scope", "rest_in_scope", "rest"}


def as_list(value):
    """One thing or many, always as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def half_up(exact):
    """Fen from an exact number of fen that is not negative."""
    return int((exact + Fraction(1, 2)) // 1)


def fen(yuan):
    return half_up(Fraction(yuan) * 100)


def rows_that_hold(told, facts):
    return [row for row in as_list(told) if holds(row.get("when", {}), facts)]


def first_value(told, facts):
    """The number of the first row that holds, or None."""
    for row in rows_that_hold(told, facts):
        return Fraction(row["value"]) if "value" in row else None
    return None


def first_amount(told, facts, whole_price=0):
    """Fen of the first row that holds: a fixed amount, or a share of something; None without a row."""
    for row in rows_that_hold(told, facts):
        if "value" in row:
            return fen(row["value"])
        wholes = {
            "total": facts["total"],
            "in_scope": facts["in_scope"],
            "price": whole_price,
        }
        whole = wholes[row["of"]] if row["of"] in wholes else facts["figures"][row["of"]]
        found = half_up(Fraction(row["share"]) * whole)
        if "at_least" in row:
            found = max(found, fen(row["at_least"]))
        return min(found, fen(row["at_most"])) if "at_most" in row else found
    return None


def holds(when, facts):
    """All that is named must hold."""
    return all(one_holds(word, told, facts) for word, told in when.items())


def one_holds(word, told, facts):
    known = facts[word]
    if isinstance(told, dict):
        return known is not None and in_span(known, told, in_yuan=word in MONEY_NUMBERS)
    wanted = as_list(told)
    return bool(set(known) & set(wanted)) if isinstance(known, (set, list)) else known in wanted


def in_span(known, span, *, in_yuan):
    ends = {word: Fraction(end) * (100 if in_yuan else 1) for word, end in span.items()}
    tests = {
        "from": lambda end: known >= end,
        "above": lambda end: known > end,
        "to": lambda end: known <= end,
        "below": lambda end: known < end,
    }
    return all(tests[word](end) for word, end in ends.items())


def in_force(entry, day):
    """`from` is the first day, `to` the first day on which it no longer counts."""
    return date.fromisoformat(entry["from"]) <= day and ("to" not in entry or day < date.fromisoformat(entry["to"]))


def days_old(born, day):
    return None if born is None else (day - born).days


def age_on(born, day):
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def matches(pattern, code):
    """N18 lists N18, N18.5 and N18.500x001; C00-C97 lists all between."""
    if "-" in pattern:
        low, high = pattern.split("-")
        return bool(code) and low <= code[: len(low)] and code[: len(high)] <= high
    return code.startswith(pattern)


def lists_of(file, diagnosis, age, day):
    """Names of the disease lists in force on which the diagnosis is, in the file's order."""
    found = []
    for each in file.get("disease_lists", []):
        fits = "ages" not in each or (age is not None and in_span(age, each["ages"], in_yuan=False))
        patterns = [pattern for disease in each["diseases"] for pattern in as_list(disease["icd10"])]
        if fits and in_force(each, day) and any(matches(pattern, diagnosis) for pattern in patterns):
            found.append(each["name"])
    return found
