"""The twelve identities (policies.md 1.4) hold for made-up counties, too: years of stays under drawn policies."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.money import ZERO
from services.settlement.adapters.policy_files import load_county
from services.settlement.domain.accumulator import EMPTY, mirrored_changes, moved
from services.settlement.domain.ledger import CHARGES, settlement_entry
from tests.second import calculator
from tests.second.both import engine, engine_bill
from tests.second.drawn import cases
from tests.second.made import files
from tests.second.test_agreement import DRAWN

UNTIL = date(2021, 3, 1)


def sums(results, of):
    return sum((getattr(each, of) for each in results), ZERO)


def hold_for_one(chosen, bill):
    """Identities 1 to 5 and 12: everything adds up, inside and outside the scope, with relief."""
    results = (*chosen.layers, *chosen.borne)
    paid, inside = sums(results, "paid"), sums(results, "inside")
    assert bill.total == bill.out_of_scope + bill.in_scope
    assert bill.total == chosen.fund_paid + chosen.hospital_borne + chosen.patient_pays
    assert chosen.fund_paid == sum((each.paid for each in chosen.layers if each.fund != "hospital"), ZERO)
    assert chosen.hospital_borne == sums(chosen.borne, "paid")
    assert chosen.patient_pays >= ZERO
    assert ZERO <= inside <= chosen.bill.in_scope
    assert ZERO <= paid - inside <= chosen.bill.out_of_scope
    assert paid + bill.prior_relief <= bill.total


def hold_for_each(chosen):
    """Identity 6, and that no layer pays what it did not count, or a negative amount."""
    for each in (*chosen.layers, *chosen.borne):
        assert ZERO <= each.deductible <= each.base
        assert ZERO <= each.paid <= each.base
        assert ZERO <= each.inside <= each.paid
        assert each.over_cap >= ZERO


def hold_for_the_books(chosen, before):
    """Identity 7: the mirror takes everything back."""
    entry = settlement_entry(entry_id=UUID(int=1), calculation=chosen)
    mirror = entry.mirrored(entry_id=UUID(int=2), kind="reversal")
    assert sum((each.amount for each in entry.postings), ZERO) == ZERO
    assert [each.amount for each in mirror.postings] == [-each.amount for each in entry.postings]
    assert sum((each.amount for each in entry.postings if each.account == CHARGES), ZERO) == -chosen.bill.total
    after = moved(before=before, changes=chosen.changes)
    back = moved(before=after, changes=mirrored_changes(changes=chosen.changes))
    assert {name: each for name, each in back.items() if each != EMPTY} == {
        name: each for name, each in before.items() if each != EMPTY
    }
    return after


def fixed_caps(version):
    """Account -> the highest cap on it, where all caps on it are plain amounts, for everybody, that do not grow."""
    found, open_ended = {}, set()
    for rule in (rule for layer in version.layers for rule in layer.rules):
        for cap in rule.caps:
            last = cap.amount.rows[-1] if cap.amount.rows else None
            if last is None or last.when.allowed or last.when.within or cap.growth or rule.per_list:
                open_ended.add(cap.account)
            for row in cap.amount.rows:
                if row.value.fixed is None:
                    open_ended.add(cap.account)
                else:
                    found.setdefault(cap.account, []).append(row.value.fixed)
    return {account: max(caps) for account, caps in found.items() if account not in open_ended}


@pytest.fixture(scope="module")
def made_file(tmp_path_factory):
    return tmp_path_factory.mktemp("made") / "999903.yaml"


@pytest.mark.timeout(900)
@DRAWN
@given(st.data())
def test_hold_over_a_year_of_a_made_up_county(made_file, data):
    """Identity 8: the accounts are the sum of the stays, and no year passes its cap; 9: the same twice is the same."""
    made_file.write_text(data.draw(files()), encoding="utf-8")
    policy, file = load_county(made_file).policy, calculator.read(made_file)
    version = policy.versions[0]
    balances, total = {}, {}
    for _ in range(3):
        case = data.draw(cases(file, file["versions"][0], UNTIL))
        chosen = engine(policy, version, case, before=balances)

        assert engine(policy, version, case, before=balances) == chosen
        hold_for_one(chosen, engine_bill(case))
        hold_for_each(chosen)
        balances = hold_for_the_books(chosen, balances)
        for account, change in chosen.changes.items():
            total[account] = total.get(account, EMPTY) + change

    assert balances == total
    for account, cap in fixed_caps(version).items():
        assert balances.get(account, EMPTY).paid <= cap
    assert all(each.base >= ZERO and each.paid >= ZERO and each.deductible >= ZERO for each in balances.values())
