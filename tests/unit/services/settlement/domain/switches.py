"""Small counties for the switches: one rule, or a few layers, written as their file would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.settlement.adapters.policy_check import check_county
from services.settlement.adapters.policy_files import load_county

HEAD = """
county: "999902"
name: 样例县
sources: {{plan: 样例文件}}
{tables}
institutions:
  - {{code: TOWN1, name: 卫生院, level: township, region: inside, designated: "yes", from: 2010-01-01}}
  - {{code: CITY1, name: 市医院, level: prefecture, region: prefecture, designated: "yes", from: 2010-01-01}}
  - {{code: CITY2, name: 市中医院, level: prefecture, region: prefecture, kind: tcm, designated: "yes", from: 2010-01-01}}
  - {{code: AWAY1, name: 省外医院, level: province, region: outside, designated: "yes", from: 2010-01-01}}
versions:
  - from: 2020-01-01
    known_since: 2020-01-01
    source: plan
    approved_by: 样例
{version}
    classes:
      - {{class: destitute, label: 特困, categories: [destitute]}}
      - {{class: low_income, label: 低收入, categories: [low_income]}}
    layers:
{layers}
    examples:
{examples}
"""
TABLES = """
disease_lists:
  - name: major
    from: 2010-01-01
    source: plan
    diseases: [{name: 恶性肿瘤, icd10: [C00-C97]}]
  - name: hypertension
    from: 2010-01-01
    source: plan
    diseases: [{name: 高血压, icd10: [I10]}]
  - name: children
    from: 2010-01-01
    ages: {below: 15}
    source: plan
    diseases: [{name: 白血病, icd10: [C91]}]
figures:
  - {name: income, from: 2019-01-01, to: 2021-01-01, value: 20000, source: plan}
  - {name: income, from: 2021-01-01, value: 30000, source: plan}
"""
BASIC = """
- layer: basic
  label: 基本医保
  fund: resident_basic
  rules:
    - {rule: half, label: 一半, account: basic, base: in_scope, ratio: {value: 0.5, source: plan}}
"""


def rule(text: str) -> str:
    """Return one layer `basic` with one rule; `text` adds to or replaces its usual keys."""
    usual = {"base": "base: in_scope", "account": "account: basic"}
    given = {line.split(":")[0] for line in text.splitlines() if line and not line.startswith(" ")}
    lines = [value for key, value in usual.items() if key not in given] + text.strip().splitlines()
    body = "\n".join(f"      {line}" for line in lines)
    return f"- layer: basic\n  label: 基本医保\n  fund: resident_basic\n  rules:\n    - rule: one\n      label: 规则\n{body}\n"


def county_file(folder: Path, *, layers: str, examples: Sequence[str], version: str = "", tables: str = TABLES) -> Path:
    """Write the file of a made-up county and return where it lies."""
    path = folder / "999902.yaml"
    path.write_text(
        HEAD.format(
            tables=tables,
            version="\n".join(f"    {line}" for line in version.splitlines()),
            layers="\n".join(f"      {line}" for line in layers.strip().splitlines()),
            examples="\n".join(f"      - {each}" for each in examples),
        ),
        encoding="utf-8",
    )
    return path


def stay(
    paid: str, patient: str, *, bill: str = "1000", outside: str = "0", counts_as: str = "ordinary", **keys: str
) -> str:
    """Return one worked example: what each layer must pay and what is left to the patient."""
    usual = {"discharged_on": "2020-06-10", "institution": "TOWN1"}
    total = f"{float(bill) + float(outside):.2f}"
    told = usual | {"name": "例", "by_hand": "见测试", "total": total, "in_scope": bill} | keys
    fields = ", ".join(f"{name}: {value}" for name, value in told.items())
    return f"{{{fields}, expect: {{class: {counts_as}, paid: {{{paid}}}, patient: {patient}}}}}"


def differences(path: Path) -> list[str]:
    """Return where the engine answers otherwise than the hand."""
    return check_county(path.name, load_county(path))
