"""What a household is credited and what its account pays: by year, by care, never above share or balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from common.core.money import Money
from services.settlement.adapters.policy_files import digest_of, load_county
from services.settlement.adapters.policy_files_text import PolicyFileInvalid
from services.settlement.domain.family_account import credits_due
from services.settlement.domain.parameters import parameters_of
from tests.unit.services.settlement.domain.switches import BASIC, county_file, stay

ACCOUNT = "family_account: {yearly_credit: 120, when: {visit_type: [outpatient]}, source: plan}"


def file_with(tmp_path, version=ACCOUNT, layers=BASIC, examples=None):
    return county_file(tmp_path, version=version, layers=layers, examples=examples or [stay("basic: 500.00", "500.00")])


class TestCredits:
    @pytest.fixture
    def policy(self, tmp_path):
        """Accounts from July 2020 on, more from 2023 on, none any more from 2025 on."""
        policy = load_county(file_with(tmp_path)).policy
        [version] = policy.versions
        assert version.family_account is not None
        more = replace(version.family_account, yearly_credit=Money(15_000))
        versions = (
            replace(version, starts_on=date(2020, 7, 1)),
            replace(version, starts_on=date(2023, 1, 1), family_account=more),
            replace(version, starts_on=date(2025, 3, 1), family_account=None),
        )
        return replace(policy, versions=versions)

    @pytest.mark.parametrize(
        ("since", "until", "credited", "expected"),
        [
            (2019, 2019, (), []),
            (2019, 2021, (), [(2020, 120), (2021, 120)]),
            (2022, 2024, (), [(2022, 120), (2023, 150), (2024, 150)]),
            (2022, 2024, (2022, 2023), [(2024, 150)]),
            (2024, 2026, (), [(2024, 150), (2025, 150)]),
            (2026, 2026, (), []),
            (2024, 2023, (), []),
        ],
    )
    def test_are_those_of_each_year_that_is_not_booked(self, policy, since, until, credited, expected):
        due = credits_due(policy=policy, since_year=since, until_year=until, credited=credited)

        assert [(each.year, each.amount) for each in due] == [(year, Money(yuan * 100)) for year, yuan in expected]


class TestFile:
    def test_names_credit_and_care(self, tmp_path):
        [version] = load_county(file_with(tmp_path)).policy.versions

        assert version.family_account is not None
        assert version.family_account.yearly_credit == Money(12_000)
        [told] = [each for each in parameters_of(version) if each.name.startswith("family_account")]
        assert (told.when, told.value) == ("visit_type outpatient", "120.00")

    def test_without_one_the_digest_is_as_before(self, tmp_path):
        [version] = load_county(file_with(tmp_path, version="")).policy.versions
        [account] = [each.family_account for each in load_county(file_with(tmp_path)).policy.versions]

        assert digest_of(replace(version, digest="")) == version.digest
        assert digest_of(replace(version, digest="", family_account=account)) != version.digest

    @pytest.mark.parametrize(
        ("version", "layers", "told"),
        [
            ("family_account: {yearly_credit: 0, source: plan}", BASIC, "is nothing"),
            ("family_account: {yearly_credit: 120}", BASIC, "exactly one of source and assumed"),
            ("family_account: {credit: 120, source: plan}", BASIC, "credit"),
            ("", BASIC.replace("fund: resident_basic", "fund: family_account"), "pays no layer"),
        ],
    )
    def test_a_wrong_one_is_refused(self, tmp_path, version, layers, told):
        with pytest.raises(PolicyFileInvalid, match=told):
            load_county(file_with(tmp_path, version=version, layers=layers))
