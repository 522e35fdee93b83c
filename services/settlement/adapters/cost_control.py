"""Cost control (费用控制): its rules (services/settlement/codes/cost_control.yaml), and what hospitals charged.

Settling writes nothing for it: what a stay was charged stands in its frozen inputs. Room: adapters of settlement.
Next hop: services/settlement/domain/cost_control.py
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.core.period import Period
from common.kit.clock import day_begins
from common.kit.statements import fetch
from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked
from services.settlement.domain.cost_control import CostKind, CostRules, MonthOfHospital, Packages, ShareLimit

COST_FILE = Path(__file__).resolve().parents[1] / "codes" / "cost_control.yaml"
_KINDS = {"kind", "words"}
_LIMITS = {"county", "kind", "limit", "from", "to"}
_STAYS = """
WITH stay AS (
    SELECT s.settlement_id, s.institution_code, s.total_fen, r.inputs->'bill_fen' AS bill,
      CASE WHEN r.trace::text LIKE '%"package_fen"%' THEN r.trace END AS trace
    FROM settlement s JOIN settlement_record r USING (settlement_id)
    WHERE s.county = $1 AND s.state = 'settled' AND s.settled_at >= $5 AND s.discharged_on >= $2
      AND s.discharged_on < $3 AND ($4::text IS NULL OR s.institution_code = $4)
), packaged AS (
    SELECT t.settlement_id, t.institution_code, t.total_fen, max((l->>'package_fen')::bigint) AS price
    FROM stay t, json_array_elements(t.trace->'compared') c, json_array_elements(c->'layers') l
    WHERE c->>'benefit_class' = t.trace->>'benefit_class' AND l->>'package_fen' IS NOT NULL
    GROUP BY t.settlement_id, t.institution_code, t.total_fen
)
"""
_MONTH = f"""{_STAYS}
SELECT institution_code, count(*) AS stays, sum(total_fen)::bigint AS total,
  sum((bill->>'own_expense')::bigint)::bigint AS own,
  count(*) FILTER (WHERE bill->'charged' IS NOT NULL) AS itemised,
  coalesce(sum(total_fen) FILTER (WHERE bill->'charged' IS NOT NULL), 0)::bigint AS itemised_fen,
  (SELECT count(*) FROM packaged p WHERE p.institution_code = stay.institution_code) AS packages,
  (SELECT coalesce(sum(price), 0)::bigint FROM packaged p
   WHERE p.institution_code = stay.institution_code) AS price,
  (SELECT coalesce(sum(p.total_fen), 0)::bigint FROM packaged p
   WHERE p.institution_code = stay.institution_code) AS charged,
  (SELECT count(*) FROM packaged p
   WHERE p.institution_code = stay.institution_code AND p.total_fen > price) AS over_count,
  (SELECT coalesce(sum(p.total_fen - price) FILTER (WHERE p.total_fen > price), 0)::bigint FROM packaged p
   WHERE p.institution_code = stay.institution_code) AS over
FROM stay GROUP BY institution_code ORDER BY institution_code
"""  # noqa: S608 - our own text
_CHARGED = f"""{_STAYS}
SELECT institution_code, c.key AS word, sum(c.value::bigint)::bigint AS fen
FROM stay, json_each_text(bill->'charged') c GROUP BY institution_code, c.key
"""  # noqa: S608 - our own text


def load_cost_rules(counties: Collection[str], path: Path = COST_FILE) -> CostRules:
    """Return the rules of the file.

    Raises:
        DataFileInvalid: If it is not as its own comments say, a word stands twice, a county has no policy, a limit is
            not from 0 to 1, or two limits count on one day.
    """
    try:
        whole = entry(load_text_yaml(path), "the file", {"kinds", "limits"})
        kinds = [marked(row, f"kinds[{at}]", _KINDS) for at, row in enumerate(whole["kinds"])]
        words = [(word, CostKind(row["kind"])) for row in kinds for word in row["words"]]
        limits = tuple(
            ShareLimit(
                county=row["county"],
                kind=CostKind(row["kind"]),
                limit=Decimal(row["limit"]),
                valid=Period(date.fromisoformat(row["from"]), date.fromisoformat(row["to"]) if row["to"] else None),
            )
            for row in (marked(row, f"limits[{at}]", _LIMITS) for at, row in enumerate(whole["limits"]))
        )
        rules = CostRules(dict(words), limits)
        _check(rules, words, counties)
    except (DataFileInvalid, ValueError, TypeError, InvalidOperation) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error
    return rules


def _check(rules: CostRules, words: Sequence[tuple[str, CostKind]], counties: Collection[str]) -> None:
    if len(rules.words) != len(words):
        raise DataFileInvalid("a word stands twice among the kinds; keep one")
    for at, each in enumerate(rules.limits):
        place = f"limit of {each.county} {each.kind}"
        if each.county not in counties:
            raise DataFileInvalid(f"{place}: no policy file of {each.county}; mend the county")
        if not 0 <= each.limit <= 1:
            raise DataFileInvalid(f"{place} is {each.limit}; write a share from 0 to 1")
        before = (other for other in rules.limits[:at] if (other.county, other.kind) == (each.county, each.kind))
        if any(other.valid.overlaps(each.valid) for other in before):
            raise DataFileInvalid(f"{place} counts twice on one day; end the older row with `to`")


async def month_of(
    connection: AsyncConnection, *, county: str, first: date, end: date, institution_code: str | None
) -> list[MonthOfHospital]:
    """Return what each hospital charged for live stays discharged from `first` to the day before `end`, by its code."""
    asked = (county, first, end, institution_code, day_begins(first))
    charged: dict[str, dict[str, Money]] = {}
    for row in await fetch(connection, _CHARGED, *asked):
        charged.setdefault(row.institution_code, {})[row.word] = Money(row.fen)
    return [
        MonthOfHospital(
            institution_code=row.institution_code,
            stay_count=row.stays,
            total=Money(row.total),
            own_expense=Money(row.own),
            itemised_count=row.itemised,
            itemised=Money(row.itemised_fen),
            charged=charged.get(row.institution_code, {}),
            packages=Packages(row.packages, Money(row.price), Money(row.charged), row.over_count, Money(row.over)),
        )
        for row in await fetch(connection, _MONTH, *asked)
    ]
