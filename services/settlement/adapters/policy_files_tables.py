"""Reads conditions and tables of a policy file, each value with its paper, and proves that no stay is left without one.

Room: adapters of settlement. Next hop: services/settlement/adapters/policy_files_layers.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from itertools import product

from services.settlement.adapters.policy_files_text import Entry, Place, Text
from services.settlement.domain.amount import Amount, yuan
from services.settlement.domain.condition import ALWAYS, Condition, Facts, Origin, Row, Span, Table, ValueT
from services.settlement.domain.vocabulary import (
    MONEY_MEASURES,
    NO,
    ORDINARY,
    YES,
    Continuation,
    Fact,
    Measure,
    Referral,
    Region,
    Scheme,
    ThirdParty,
    VisitType,
    Whole,
)

_WORDS: Mapping[Fact, type[Enum]] = {
    Fact.VISIT_TYPE: VisitType,
    Fact.REGION: Region,
    Fact.REFERRAL: Referral,
    Fact.SCHEME: Scheme,
    Fact.CONTINUATION: Continuation,
    Fact.THIRD_PARTY: ThirdParty,
}
_MAY_BE_NONE = frozenset({Fact.DISEASE_LIST, Fact.PAID_BY})
_ORIGIN = ("source", "assumed", "since")


@dataclass(frozen=True, slots=True)
class Context:
    """What values of one version may refer to, and what its conditions have asked for so far.

    Attributes:
        place: Key of the layer or rule that is being read.
        name: What its parameters are called instead: `basic.inpatient` says more than `layers[0].rules[0]`.
    """

    sources: Mapping[str, str]
    since: date
    class_names: Sequence[str] = ()
    list_names: Sequence[str] = ()
    levels: Sequence[str] = ()
    kinds: Sequence[str] = ()
    hospitals: Sequence[str] = ()
    layer_names: Sequence[str] = ()
    figure_names: Sequence[str] = ()
    asked: set[Fact | Measure] = field(default_factory=set)
    place: str = ""
    name: str = ""

    def within(self, place: Place, name: str) -> Context:
        """Return the same for the parameters of a layer or rule."""
        return replace(self, place=place.key, name=f"{self.name}.{name}".lstrip("."))

    def label(self, entry: Entry, name: str) -> str:
        """Return what a parameter is called in a trace."""
        key = f"{entry.place.key}.{name}"
        return self.name + key.removeprefix(self.place) if self.name else key.rpartition("].")[2]

    def words(self, fact: Fact) -> frozenset[str]:
        """Return every value a fact can have in this version."""
        if fact in _WORDS:
            return frozenset(str(each.value) for each in _WORDS[fact])
        named: Mapping[Fact, Sequence[str]] = {
            Fact.BENEFIT_CLASS: (*self.class_names, ORDINARY),
            Fact.DISEASE_LIST: self.list_names,
            Fact.LEVEL: self.levels,
            Fact.HIGHEST_LEVEL: self.levels,
            Fact.KIND: self.kinds,
            Fact.INSTITUTION: self.hospitals,
            Fact.PAID_BY: self.layer_names,
        }
        return frozenset(named.get(fact, (YES, NO)))


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
    when = entry.entry("when").expect(required=(), optional=[each.value for each in (*Fact, *Measure)])
    allowed: dict[Fact, frozenset[str]] = {}
    within: dict[Measure, Span] = {}
    for name in when.names():
        if name in set(Measure):
            within[Measure(name)] = read_span(when, name, is_money=Measure(name) in MONEY_MEASURES)
            context.asked.add(Measure(name))
            continue
        fact = Fact(name)
        known = context.words(fact)
        for text in when.texts(name):
            if text.value not in known:
                text.place.refuse(f"{text.value!r} is not a {name}", "use one of " + ", ".join(sorted(known)))
        allowed[fact] = frozenset(text.value for text in when.texts(name))
        context.asked.add(fact)
    return Condition(allowed, within)


def read_span(entry: Entry, name: str, *, is_money: bool = False) -> Span:
    """Return the numbers that `from`, `above`, `to` and `below` leave."""
    limits = entry.entry(name).expect(required=(), optional=["from", "above", "to", "below"])
    if (
        len(limits.names()) == 0
        or (limits.has("from") and limits.has("above"))
        or (limits.has("to") and limits.has("below"))
    ):
        limits.place.refuse("is no span", "write one of from and above, one of to and below, or both ends")

    def number(key: str) -> int:
        text = limits.text(key)
        return text.money().fen if is_money else text.count()

    least = number("from") if limits.has("from") else number("above") + 1 if limits.has("above") else None
    most = number("to") if limits.has("to") else number("below") - 1 if limits.has("below") else None
    if least is not None and most is not None and least > most:
        limits.place.refuse("no number lies inside", "write the lower end first")
    return Span(least, most)


def read_table(entry: Entry, name: str, read: Callable[[Text], ValueT], context: Context) -> Table[ValueT]:
    """Return the rows of a key: one mapping, or a list of them; an absent key is a table without rows."""
    rows = []
    for each in _given(entry, name):
        each.expect(required=["value"], optional=["when", *_ORIGIN])
        rows.append(Row(read_condition(each, context), read(each.text("value")), read_origin(each, context)))
    return Table(context.label(entry, name), tuple(rows))


def read_amounts(entry: Entry, name: str, context: Context, *, more: Sequence[str] = ()) -> Table[Amount]:
    """Return the rows of a key whose values are yuan, or shares of the bill or of a figure.

    Args:
        entry: Where the key stands.
        name: The key.
        context: What the rows may refer to.
        more: Quantities that a share may be taken of besides the bill's and the figures.
    """
    rows = []
    for each in _given(entry, name):
        each.expect(required=(), optional=["value", "share", "of", "at_least", "at_most", "when", *_ORIGIN])
        amount = _amount(each, context, more)
        rows.append(Row(read_condition(each, context), amount, read_origin(each, context)))
    return Table(context.label(entry, name), tuple(rows))


def _amount(entry: Entry, context: Context, more: Sequence[str]) -> Amount:
    if entry.has("value"):
        for name in ("share", "of", "at_least", "at_most"):
            if entry.has(name):
                entry.at(name).refuse("does not go with value", "write either `value`, or `share` and `of`")
        return yuan(entry.text("value").money())
    entry.expect(required=["share", "of"], optional=["at_least", "at_most", "when", *_ORIGIN])
    known = [Whole.TOTAL.value, Whole.IN_SCOPE.value, *context.figure_names, *more]
    of = entry.text("of")
    if of.plain() not in known:
        of.place.refuse(f"{of.value!r} is no quantity", "use one of " + ", ".join(known))
    least = entry.text("at_least").money() if entry.has("at_least") else None
    most = entry.text("at_most").money() if entry.has("at_most") else None
    if least is not None and most is not None and least > most:
        entry.at("at_most").refuse("lies below at_least", "exchange the two")
    return Amount(None, entry.text("share").factor(), of.plain(), least, most)


def _given(entry: Entry, name: str) -> list[Entry]:
    if not entry.has(name):
        return []
    return entry.entries(name) if entry.is_list(name) else [entry.entry(name)]


def require_complete(table: Table[ValueT], rule: Condition, context: Context, place: Place) -> None:
    """Refuse a table that has no value for some stay which the rule's condition lets in."""
    facts = sorted({fact for row in table.rows for fact in row.when.allowed})
    measures = sorted({measure for row in table.rows for measure in row.when.within})
    words = product(*(list(_possible(fact, rule, context)) for fact in facts))
    numbers = list(product(*(list(_samples(measure, table, rule)) for measure in measures)))
    for told, counted in product(words, numbers):
        chosen = dict(zip(facts, told, strict=True))
        known = {name: each for name, each in zip(measures, counted, strict=True) if each is not None}
        if table.find(Facts(chosen, known)) is None:
            parts = [f"{fact.value} {min(each, default='none')}" for fact, each in chosen.items()]
            parts += [f"{measure.value} {known.get(measure, 'unknown')}" for measure in measures]
            place.refuse(
                f"{table.name} has no value for {', '.join(parts) or 'any stay'}",
                "add a row, or a last row without `when`",
            )


def _possible(fact: Fact, rule: Condition, context: Context) -> Iterator[frozenset[str]]:
    """Return each value the fact can have in a stay that the rule lets in; some facts may have none."""
    yield from (frozenset({word}) for word in sorted(rule.allowed.get(fact, context.words(fact))))
    if fact in _MAY_BE_NONE and fact not in rule.allowed:
        yield frozenset()


def _samples(measure: Measure, table: Table[ValueT], rule: Condition) -> Iterator[int | None]:
    """Return numbers on both sides of every edge, and none where nobody may have told the number."""
    limit = rule.within.get(measure, Span(None, None))
    edges = {0}
    for span in (limit, *(row.when.within[measure] for row in table.rows if measure in row.when.within)):
        edges |= {edge for edge in (span.least, span.most) if edge is not None}
    yield from sorted(
        number for number in {each + d for each in edges for d in (-1, 0, 1)} if number >= 0 and limit.has(number)
    )
    if measure in {Measure.AGE, Measure.AGE_DAYS} and measure not in rule.within:
        yield None
