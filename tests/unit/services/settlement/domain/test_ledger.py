"""An entry balances or does not exist; its mirror is the exact negative."""

from uuid import UUID

import pytest

from common.core.money import Money
from services.settlement.domain.accumulator import Balance, mirrored_changes, moved
from services.settlement.domain.ledger import EntryUnbalanced, JournalEntry, Posting, settlement_entry

ENTRY, MIRROR = UUID(int=1), UUID(int=2)


class TestJournalEntry:
    def test_refuses_an_imbalance_of_a_fen(self):
        with pytest.raises(EntryUnbalanced):
            JournalEntry(ENTRY, "settlement", (Posting("a", Money(5)), Posting("b", Money(-4))))

    def test_mirrors_every_posting(self):
        entry = JournalEntry(ENTRY, "settlement", (Posting("a", Money(5), "basic"), Posting("b", Money(-5))))

        mirror = entry.mirrored(entry_id=MIRROR, kind="reversal")

        assert mirror.postings == (Posting("a", Money(-5), "basic"), Posting("b", Money(5)))
        assert (mirror.entry_id, mirror.kind) == (MIRROR, "reversal")


class TestSettlementEntry:
    def test_sets_receivables_and_share_against_the_charges(self, calculate_stay):
        calculation = calculate_stay(benefit_class="allowance_recipient")

        entry = settlement_entry(entry_id=ENTRY, calculation=calculation)

        assert [(each.account, each.amount.fen) for each in entry.postings] == [
            ("receivable:rural_cooperative", 3_976_000),
            ("receivable:critical_illness_insurer", 366_800),
            ("receivable:medical_assistance", 460_040),
            ("patient_share", 397_160),
            ("hospital_charges", -5_200_000),
        ]

    def test_has_no_postings_of_nothing(self, calculate_stay, make_bill):
        entry = settlement_entry(entry_id=ENTRY, calculation=calculate_stay(bill=make_bill(0, outside=0)))

        assert entry.postings == ()


class TestBalance:
    def test_comes_back_after_the_mirror(self):
        before = {"basic": Balance(Money(5), Money(1), Money(3), 1)}
        changes = {"basic": Balance(Money(7), Money(1), Money(2), 1), "pool": Balance(paid=Money(2))}

        after = moved(before=before, changes=changes)
        restored = moved(before=after, changes=mirrored_changes(changes=changes))

        assert after["basic"].paid == Money(5)
        assert restored == before | {"pool": Balance()}
