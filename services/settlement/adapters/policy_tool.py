"""The command line of the policy files (政策文件工具): new, check, explain, diff, try.

Room: adapters of settlement; `make policy do="try 211381 ..."`. The language: docs/policies.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from common.core.errors import DomainError
from common.core.money import ZERO, Money, NotWholeFen, money_from_yuan
from services.settlement.adapters.policy_check import check_folder
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from services.settlement.adapters.policy_files_text import PolicyFileInvalid
from services.settlement.adapters.policy_schema import policy_schema
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.explanation import class_label
from services.settlement.domain.parameters import Change, Parameter, changes_between, parameters_of
from services.settlement.domain.policy import CountyPolicy
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme, VisitType

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "policy.schema.json"
TEMPLATE = Path(__file__).with_name("policy_template.yaml")
PENDING = {True: "（待确认）", False: ""}


def new(folder: Path, county: str, name: str, day: date) -> str:
    """Write the first file of a county; it passes the check and is to be changed."""
    path = folder / f"{county}.yaml"
    if path.exists():
        _refuse(f"{path} is there already")
    text = TEMPLATE.read_text(encoding="utf-8").format(county=county, name=name, day=day.isoformat())
    path.write_text(text, encoding="utf-8")
    return f"{path}: change it, then check it"


def explain(policy: CountyPolicy, day: date) -> Iterator[str]:
    """Give everything that is in force on a day, with paper and mark."""
    version = policy.version_on(day=day)
    yield f"{policy.county} {policy.name}，自 {version.starts_on} 起执行"
    yield f"  依据：{version.source}；批准：{version.approved_by}"
    yield from (_parameter(each) for each in parameters_of(version))


def diff(policy: CountyPolicy, before: date, after: date) -> Iterator[str]:
    """Give what the versions in force on two days set differently."""
    old, new_one = policy.version_on(day=before), policy.version_on(day=after)
    yield f"{policy.county} {policy.name}: {old.starts_on} -> {new_one.starts_on}"
    found = changes_between(old, new_one)
    yield from (_change(each) for each in found)
    yield f"{len(found)} changes"


def try_bill(policy: CountyPolicy, wanted: argparse.Namespace) -> Iterator[str]:
    """Give how a bill would be paid in an empty year, step by step."""
    version = policy.version_on(day=wanted.on)
    total, in_scope = wanted.total, wanted.in_scope
    bill = Bill(total, total - in_scope, ZERO, ZERO, in_scope, wanted.relief)
    stay = Stay(
        visit_type=VisitType(wanted.visit_type),
        referral=Referral(wanted.referral),
        admitted_on=wanted.on,
        discharged_on=wanted.on,
        main_diagnosis=wanted.diagnosis,
        institution=policy.institution_on(code=wanted.institution or policy.institutions[0].code, day=wanted.on),
        scheme=Scheme(wanted.scheme),
        insurance=InsuranceState.INSURED,
        born_on=wanted.born,
    )
    chosen, _ = best_calculation(version=version, stay=stay, bill=bill, categories=wanted.category, before={})
    label = class_label(version=version, name=chosen.benefit_class)
    yield f"{stay.institution.name}，{label}，总费用 {total} 元，范围内 {in_scope} 元"
    steps = [chosen.nothing_pays] if chosen.nothing_pays else [*chosen.preface]
    yield from (f"  {step.zh}" for step in steps)
    for layer in (*chosen.layers, *chosen.borne):
        yield f"{layer.label} {layer.paid} 元"
        yield from (f"    {step.zh}" for step in layer.steps)
    share = Decimal(chosen.patient_pays.fen * 100) / total.fen if total else Decimal(0)
    yield f"个人负担 {chosen.patient_pays} 元（总费用的 {share:.1f}%）"


def _parameter(each: Parameter) -> str:
    paper = f"  [{each.origin.since} {each.origin.source}{PENDING[each.origin.is_assumed]}]" if each.origin else ""
    return f"  {each.name}{f' ({each.when})' if each.when else ''}: {each.value}{paper}"


def _change(each: Change) -> str:
    before = each.before.value if each.before else "-"
    after = each.after.value if each.after else "-"
    source = each.after or each.before
    paper = f"  [{source.origin.source}]" if source and source.origin else ""
    return f"  {each.name}{f' ({each.when})' if each.when else ''}: {before} -> {after}{paper}"


def _yuan(text: str) -> Money:
    try:
        return money_from_yuan(text)
    except NotWholeFen as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="policy", description=__doc__)
    parser.add_argument("--folder", type=Path, default=POLICY_FOLDER, help="where the files lie")
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("new", help="the first file of a county")
    made.add_argument("county")
    made.add_argument("name")
    made.add_argument("--from", dest="day", type=date.fromisoformat, default=date(2016, 1, 1))
    commands.add_parser("check", help="every file with its worked examples")
    commands.add_parser("schema", help="write docs/policy.schema.json, for editors")
    told = commands.add_parser("explain", help="what is in force on a day")
    told.add_argument("county")
    told.add_argument("--on", type=date.fromisoformat, default=date.max)
    compared = commands.add_parser("diff", help="what the versions of two days set differently")
    compared.add_argument("county")
    compared.add_argument("before", type=date.fromisoformat)
    compared.add_argument("after", type=date.fromisoformat)
    _add_try(commands.add_parser("try", help="how a bill would be paid"))
    return parser


def _add_try(tried: argparse.ArgumentParser) -> None:
    tried.add_argument("county")
    tried.add_argument("--total", type=_yuan, required=True, help="yuan")
    tried.add_argument("--in-scope", type=_yuan, required=True, help="yuan")
    tried.add_argument("--on", type=date.fromisoformat, default=date.max)
    tried.add_argument("--institution", default="", help="code; the first of the file when left out")
    tried.add_argument("--category", action="append", default=[], help="may be repeated")
    tried.add_argument("--visit-type", choices=list(VisitType), default=VisitType.INPATIENT)
    tried.add_argument("--referral", choices=list(Referral), default=Referral.NONE)
    tried.add_argument("--scheme", choices=list(Scheme), default=Scheme.RESIDENT)
    tried.add_argument("--diagnosis", default="", help="ICD-10")
    tried.add_argument("--born", type=date.fromisoformat, default=None)
    tried.add_argument("--relief", type=_yuan, default=ZERO, help="yuan already received")


def _refuse(text: str) -> NoReturn:
    sys.exit(f"policy: {text}")


def _lines(wanted: argparse.Namespace) -> Iterator[str]:
    if wanted.command == "new":
        yield new(wanted.folder, wanted.county, wanted.name, wanted.day)
        return
    if wanted.command == "schema":
        SCHEMA.write_text(json.dumps(policy_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        yield f"{SCHEMA.name} is written"
        return
    path = wanted.folder / f"{wanted.county}.yaml"
    if not path.exists():
        _refuse(f"{path} is not there")
    policy = load_county(path).policy
    if wanted.command == "explain":
        yield from explain(policy, wanted.on)
    elif wanted.command == "diff":
        yield from diff(policy, wanted.before, wanted.after)
    else:
        yield from try_bill(policy, wanted)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; a fault of a file or a call is one line and status 1."""
    wanted = _parser().parse_args(arguments)
    if wanted.command == "check":
        passed, faults = check_folder(wanted.folder)
        sys.stdout.write("".join(f"{line}\n" for line in (*passed, *faults)))
        sys.exit(bool(faults))
    try:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(wanted)))
    except (PolicyFileInvalid, DomainError) as refusal:
        _refuse(str(refusal))


if __name__ == "__main__":
    main()
