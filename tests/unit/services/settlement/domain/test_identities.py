"""What always holds, whatever the stay (policies.md 1.4): properties over all counties, classes and balances."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from common.core.money import ZERO, Money
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.accumulator import EMPTY, Balance, mirrored_changes, moved
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import calculate
from services.settlement.domain.ledger import CHARGES, settlement_entry
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import Base, InsuranceState, Referral, Scheme, VisitType

POLICIES = load_policies()
FEN = st.integers(0, 40_000_000)


@st.composite
def cases(draw):
    policy = POLICIES[draw(st.sampled_from(sorted(POLICIES)))]
    version = draw(st.sampled_from(policy.versions))
    stay = Stay(
        visit_type=draw(st.sampled_from(VisitType)),
        referral=draw(st.sampled_from(Referral)),
        admitted_on=version.starts_on,
        discharged_on=version.starts_on,
        main_diagnosis=draw(st.sampled_from(["I63.9", "I10", "N18.5", ""])),
        institution=draw(st.sampled_from(policy.institutions)),
        scheme=draw(st.sampled_from(Scheme)),
        insurance=draw(st.sampled_from([InsuranceState.INSURED] * 4 + list(InsuranceState))),
    )
    parts = [Money(draw(FEN)) for _ in range(4)]
    total = sum(parts, ZERO)
    relief = Money(draw(st.integers(0, total.fen)) if draw(st.booleans()) else 0)
    bill = Bill(total, *parts, prior_relief=relief)
    before = {
        account: Balance(base=Money(draw(FEN)), paid=Money(draw(st.integers(0, 15_000_000))))
        for account in version.accounts
        if draw(st.booleans())
    }
    categories = draw(st.sets(st.sampled_from([each.name for each in version.classes]), max_size=3))
    return version, stay, bill, before, sorted(categories)


def best(case):
    version, stay, bill, before, categories = case
    chosen, _ = best_calculation(version=version, stay=stay, bill=bill, categories=categories, before=before)
    return chosen


def caps_of(version, account):
    return [
        row.value.fixed
        for layer in version.layers
        for rule in layer.rules
        for cap in rule.caps
        if cap.account == account
        for row in cap.amount.rows
    ]


def most_that_counts(version, bill):
    """Cost in scope; the whole bill where a rule of the county names cost outside the scope, too."""
    bases = [rule.base for layer in version.layers for rule in layer.rules]
    outside = any(base.of not in {Base.IN_SCOPE, Base.REST_IN_SCOPE} or base.plus for base in bases)
    return bill.total if outside else bill.in_scope


class TestIdentities:
    @given(cases())
    @settings(max_examples=300, deadline=None)
    def test_hold_for_every_stay(self, case):
        version, _, bill, before, _ = case

        chosen = best(case)

        paid = sum((layer.paid for layer in chosen.layers), ZERO)
        most = most_that_counts(version, bill)
        assert bill.total == paid + chosen.hospital_borne + chosen.patient_pays
        assert paid <= most
        assert paid + bill.prior_relief <= max(bill.total, bill.prior_relief)
        assert chosen.patient_pays >= ZERO
        for layer in chosen.layers:
            assert ZERO <= layer.paid <= layer.base <= most
            assert ZERO <= layer.deductible <= layer.base
        for account, change in chosen.changes.items():
            caps = caps_of(version, account)
            if len(caps) == 1:
                assert before.get(account, EMPTY).paid + change.paid <= max(*caps, before.get(account, EMPTY).paid)

    @given(cases())
    @settings(max_examples=100, deadline=None)
    def test_let_a_reversal_restore_everything(self, case):
        _, _, _, before, _ = case

        chosen = best(case)

        entry = settlement_entry(entry_id=UUID(int=1), calculation=chosen)
        mirror = entry.mirrored(entry_id=UUID(int=2), kind="reversal")
        after = moved(before=before, changes=chosen.changes)
        restored = moved(before=after, changes=mirrored_changes(changes=chosen.changes))
        charged = [each.amount for each in entry.postings if each.account == CHARGES]
        assert sum((each.amount for each in (*entry.postings, *mirror.postings)), ZERO) == ZERO
        assert sum(charged, ZERO) == -chosen.bill.total
        assert {name: balance for name, balance in restored.items() if balance != EMPTY} == {
            name: balance for name, balance in before.items() if balance != EMPTY
        }

    @given(cases())
    @settings(max_examples=100, deadline=None)
    def test_make_a_trial_equal_to_the_settlement(self, case):
        assert best(case) == best(case)

    @given(cases(), st.integers(1, 5_000_000))
    @settings(max_examples=150, deadline=None)
    def test_never_pay_less_for_more_cost_in_scope(self, case, more):
        version, stay, bill, before, _ = case
        bill = replace(bill, prior_relief=ZERO)
        larger = replace(bill, total=bill.total + Money(more), in_scope=bill.in_scope + Money(more))

        small, large = (
            calculate(version=version, stay=stay, bill=each, benefit_class="ordinary", before=before)
            for each in (bill, larger)
        )

        assert large.fund_paid >= small.fund_paid

    @given(cases())
    @settings(max_examples=100, deadline=None)
    def test_never_leave_more_to_a_class_than_to_ordinary_people(self, case):
        version, stay, bill, before, _ = case

        ordinary = calculate(version=version, stay=stay, bill=bill, benefit_class="ordinary", before=before)

        assert best(case).patient_pays <= ordinary.patient_pays


class TestYear:
    def test_pays_at_most_the_cap_over_many_stays(self):
        policy = POLICIES["211381"]
        version = policy.version_on(day=date(2016, 9, 1))
        institution = policy.institution_on(code="H21138100001", day=date(2016, 9, 1))
        stay = Stay(
            VisitType.INPATIENT, Referral.NONE, date(2016, 9, 1), date(2016, 9, 1), "", institution,
            Scheme.RURAL_COOPERATIVE, InsuranceState.INSURED,
        )  # fmt: skip
        bill = Bill(Money(10_000_000), ZERO, ZERO, ZERO, Money(10_000_000))
        balances = {}

        for _ in range(4):
            chosen = calculate(
                version=version, stay=stay, bill=bill, benefit_class="allowance_recipient", before=balances
            )
            balances = moved(before=balances, changes=chosen.changes)

        assert balances["basic"].paid == Money(15_000_000)
        assert balances["medical_assistance"].paid == Money(2_000_000)
        assert balances["basic"].stay_count == 4
