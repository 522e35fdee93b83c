"""The chart of accounts of each county (services/settlement/codes/accounts.yaml), read as text, checked at the start.

Room: adapters of settlement. Next hop: services/settlement/domain/chart.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from common.core.period import Period
from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked
from services.settlement.domain.chart import WHOLE, Chart, FundAccount, off_purpose
from services.settlement.domain.policy import CountyPolicy
from services.settlement.domain.vocabulary import Fund

CHARTS_FILE = Path(__file__).resolve().parents[1] / "codes" / "accounts.yaml"
_FUND = {"fund", "name", "layers", "from", "to"}
_LEDGER = {*_FUND, "county", "ledger", "origin", "purpose"}


def load_charts(policies: Mapping[str, CountyPolicy], path: Path = CHARTS_FILE) -> Mapping[str, Chart]:
    """Return the chart of every county that has a policy.

    Raises:
        DataFileInvalid: If the file is not as its own comments say, or a policy pays a layer from a fund whose purpose
            it is not.
    """
    try:
        whole = entry(load_text_yaml(path), "the file", {"usual", "counties", "ledgers"})
        usual = [_account(marked(row, f"usual[{at}]", _FUND)) for at, row in enumerate(whole["usual"])]
        own = [(row["county"], _account(row)) for row in _rows(whole, "counties", {*_FUND, "county"})]
        ledgers = [(row["county"], _account(row)) for row in _rows(whole, "ledgers", _LEDGER)]
        charts = {county: _chart(county, usual, own, ledgers) for county in policies}
        _check(charts, {county for county, _ in (*own, *ledgers)})
    except (DataFileInvalid, ValueError, TypeError, AttributeError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error
    wrong = off_purpose(policies=policies, charts=charts)
    if wrong:
        raise DataFileInvalid(f"{path.name}: no fund may pay off its purpose; allow it or mend the policy: {wrong[0]}")
    return charts


def _rows(whole: Mapping[str, Any], name: str, keys: set[str]) -> list[Mapping[str, Any]]:
    return [marked(row, f"{name}[{at}]", keys) for at, row in enumerate(whole[name])]


def _account(row: Mapping[str, Any]) -> FundAccount:
    layers = frozenset(row["layers"].split())
    if not layers or not row["name"]:
        raise DataFileInvalid(f"{row['fund']} needs a name and at least one layer")
    return FundAccount(
        fund=Fund(row["fund"]).value,
        ledger=row.get("ledger", WHOLE),
        name=row["name"],
        layers=layers,
        valid=Period(date.fromisoformat(row["from"]), date.fromisoformat(row["to"]) if row["to"] else None),
        origin=Fund(row["origin"]).value if "origin" in row else "",
        purpose=row.get("purpose", ""),
    )


def _chart(
    county: str, usual: list[FundAccount], own: list[tuple[str, FundAccount]], ledgers: list[tuple[str, FundAccount]]
) -> Chart:
    named = [account for place, account in own if place == county]
    kept = [account for account in usual if account.fund not in {each.fund for each in named}]
    return Chart((*kept, *named, *(account for place, account in ledgers if place == county)))


def _check(charts: Mapping[str, Chart], counties: set[str]) -> None:
    if counties - set(charts):
        raise DataFileInvalid(f"no policy file of {sorted(counties - set(charts))}; mend the county")
    for county, chart in charts.items():
        for at, each in enumerate(chart.accounts):
            _check_account(county, each, chart.accounts[:at])


def _check_account(county: str, each: FundAccount, before: tuple[FundAccount, ...]) -> None:
    place = f"{county} {each.fund} {each.ledger}".rstrip()
    same = [other for other in before if (other.fund, other.ledger) == (each.fund, each.ledger)]
    if any(other.valid.overlaps(each.valid) for other in same):
        raise DataFileInvalid(f"{place} stands twice on one day; end the older row with `to`")
    if each.ledger == WHOLE:
        return
    funds = [other for other in before if other.fund == each.fund and other.ledger == WHOLE]
    if not any(other.valid.overlaps(each.valid) and each.layers <= other.layers for other in funds):
        raise DataFileInvalid(f"{place} may pay a layer that its fund may not; take the layer away")
    rivals = [other for other in before if other.fund == each.fund and other.ledger != WHOLE]
    if any(other.valid.overlaps(each.valid) and other.layers & each.layers for other in rivals):
        raise DataFileInvalid(f"{place} pays a layer that another sub-ledger pays; a payment names exactly one")
