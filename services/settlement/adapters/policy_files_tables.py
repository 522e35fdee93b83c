"""Reads conditions and tables of a policy file, each value with its paper, and proves that no stay is left without one.

Room: adapters of settlement. Next hop: services/settlement/adapters/policy_files_layers.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import product

from services.settlement.adapters.policy_files_text import Entry, Place, Text
from services.settlement.domain.condition import ALWAYS, Condition, Origin, Row, Table, ValueT
from services.settlement.domain.vocabulary import NO, ORDINARY, YES, Fact, Level, Referral, Region, Scheme, VisitType

_WORDS: Mapping[Fact, type[Enum]] = {
    Fact.VISIT_TYPE: VisitType,
    Fact.LEVEL: Level,
    Fact.REGION: Region,
    Fact.REFERRAL: Referral,
    Fact.SCHEME: Scheme,
}


@dataclass(frozen=True, slots=True)
class Context:
    """What values of one version may refer to."""

    sources: Mapping[str, str]
    since: date
    class_names: tuple[str, ...]
    list_names: tuple[str, ...]

    def words(self, fact: Fact) -> frozenset[str]:
        """Return every value a fact can have in this version."""
        if fact is Fact.BENEFIT_CLASS:
            return frozenset({*self.class_names, ORDINARY})
        if fact is Fact.DISEASE_LIST:
            return frozenset(self.list_names)
        if fact is Fact.DESIGNATED:
            return frozenset({YES, NO})
        return frozenset(str(each.value) for each in _WORDS[fact])


def read_origin(entry: Entry, context: Context) -> Origin:
    """Return where the values of an entry come from: exactly one of `source` and `assumed`, naming a source."""
    if entry.has("source") == entry.has("assumed"):
        entry.place.refuse("needs exactly one of source and assumed", "name the paper, or mark the value as assumed")
    is_assumed = entry.has("assumed")
    text = entry.text("assumed" if is_assumed else "source")
    if text.plain() not in context.sources:
        text.place.refuse(f"{text.value!r} is not among the sources", "add it to `sources` with title and article")
    since = entry.text("since").day() if entry.has("since") else context.since
    if since > context.since:
        entry.at("since").refuse("lies after the version's first day", "write it into the version that begins then")
    return Origin(context.sources[text.plain()], since, is_assumed)


def read_condition(entry: Entry, context: Context) -> Condition:
    """Return the condition under `when`; absent means always."""
    if not entry.has("when"):
        return ALWAYS
    when = entry.entry("when").expect(required=(), optional=[fact.value for fact in Fact])
    allowed = {}
    for name in when.names():
        fact = Fact(name)
        known = context.words(fact)
        for text in when.texts(name):
            if text.value not in known:
                text.place.refuse(f"{text.value!r} is not a {name}", "use one of " + ", ".join(sorted(known)))
        allowed[fact] = frozenset(text.value for text in when.texts(name))
    return Condition(allowed)


def read_table(entry: Entry, name: str, read: Callable[[Text], ValueT], context: Context) -> Table[ValueT]:
    """Return the rows of a key: one mapping, or a list of them; an absent key is a table without rows."""
    label = f"{entry.place.key}.{name}".lstrip(".")
    if not entry.has(name):
        return Table(label, ())
    given = entry.entries(name) if entry.is_list(name) else [entry.entry(name)]
    rows = []
    for each in given:
        each.expect(required=["value"], optional=["when", "source", "assumed", "since"])
        rows.append(Row(read_condition(each, context), read(each.text("value")), read_origin(each, context)))
    return Table(label, tuple(rows))


def require_complete(table: Table[ValueT], rule: Condition, context: Context, place: Place) -> None:
    """Refuse a table that has no value for some stay which the rule's condition lets in."""
    asked = sorted({fact for row in table.rows for fact in row.when.allowed})
    possible = [sorted(rule.allowed.get(fact, context.words(fact))) for fact in asked]
    for words in product(*possible):
        facts = {fact: frozenset({word}) for fact, word in zip(asked, words, strict=True)}
        if table.find(facts) is None:
            missing = ", ".join(f"{fact.value} {word}" for fact, word in zip(asked, words, strict=True)) or "any stay"
            place.refuse(f"{table.name} has no value for {missing}", "add a row, or a last row without `when`")
