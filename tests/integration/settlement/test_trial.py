"""A draft of a policy tried on what was settled: the differences a re-rating would book, and nothing written."""

import asyncio
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from common.kit.cause import Cause
from services.settlement import books
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from services.settlement.usecases.try_version import try_version
from tests.integration.settlement.conftest import BILL, COUNTY, a_number
from tests.integration.settlement.rerating_desk import POLICIES, lines, opened, rating, with_ratio_of

FIRST, LAST = date(2016, 9, 1), date(2016, 9, 30)
DEAR = BILL | {"total_fen": 40_000_000, "own_expense_fen": 0, "first_self_pay_fen": 0, "in_scope_fen": 40_000_000}


async def tried(counter, version, *, first=FIRST, last=LAST):
    async with counter.database.unit_of_work(Cause("test")) as uow:
        return await try_version(uow, county=COUNTY, version=version, first=first, last=last)


@pytest.fixture
async def year(counter):
    """Two persons' stays of September, one of them up to the yearly cap, one reversed, one of August."""
    await counter.hold()
    other = {"citizen_id": a_number(1), "name": "李某"}
    await counter.settle("R0", discharged_on="2016-08-31", admitted_on="2016-08-20")
    for record in ("R1", "R2"):
        await counter.settle(record, bill=DEAR)
    await counter.settle("R3", patient=other)
    await counter.reverse(await counter.settle("R4", patient=other))
    return counter


@pytest.mark.parametrize("more", ["0.05", "-0.10"])
async def test_shows_what_a_re_rating_with_the_same_version_would_book(year, more):
    policies = with_ratio_of(POLICIES, "basic", Decimal(more))
    found = await tried(year, policies[COUNTY].versions[-1])
    told = await opened(year, rating(policies), discharged_from="2016-09-01", discharged_to="2016-09-30")
    listed = await lines(year, told)

    by_person = {}
    for each in listed:
        by_person[each["person_id"]] = by_person.get(each["person_id"], 0) + each["patient_fen"]
    assert (found.stays, found.persons) == (3, 2)
    assert found.gained.fen == -sum(fen for fen in by_person.values() if fen < 0)
    assert found.lost.fen == sum(fen for fen in by_person.values() if fen > 0)
    # Who is at the yearly cap either way neither gains nor loses.
    assert (found.gaining, found.losing) == ((1, 0) if more == "0.05" else (0, 1))
    assert {fund: amount.fen for fund, amount in found.funds.items() if amount} == {
        each["fund"]: each["fen"] for each in told["funds"] if each["fen"]
    }


async def test_of_what_is_in_force_changes_nothing_and_writes_nothing(year):
    tables = ("settlement", "correction", "rerating", "journal_entry", "gap_case")
    before = [await year.rows(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - ours

    found = await tried(year, POLICIES[COUNTY].versions[-1])
    await tried(year, with_ratio_of(POLICIES, "basic", Decimal("0.05"))[COUNTY].versions[-1])

    assert (found.gaining, found.losing, found.funds) == (0, 0, {})
    assert [await year.rows(f"SELECT count(*) FROM {table}") for table in tables] == before  # noqa: S608 - ours


async def test_goes_through_more_persons_than_a_step(counter, monkeypatch):
    monkeypatch.setattr("services.settlement.usecases.try_version.PERSONS_A_STEP", 2)
    for order in range(5):
        await counter.settle(f"R{order}", patient={"citizen_id": a_number(order), "name": "某某"})

    found = await tried(counter, with_ratio_of(POLICIES, "basic", Decimal("0.05"))[COUNTY].versions[-1])

    assert (found.persons, found.gaining) == (5, 5)


class TestCommand:
    async def run(self, counter, *arguments):
        environment = {
            **os.environ,
            "DATABASE_URL": counter.database.url,
            "CURSOR_KEY": "00" * 32,
            "PERSON_KEY": "00" * 32,
            "DATA_KEY": "00" * 32,
        }
        command = [sys.executable, "-m", "services.settlement.books", "trial", *map(str, arguments)]
        return await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    async def test_prints_heads_and_money(self, year, tmp_path):
        text = (POLICY_FOLDER / "211381.yaml").read_text(encoding="utf-8")
        draft = tmp_path / "211381.yaml"
        draft.write_text(text.replace("value: 0.70", "value: 0.75"), encoding="utf-8")
        assert load_county(draft).policy.versions[-1].digest != POLICIES[COUNTY].versions[-1].digest

        done = await self.run(year, "--file", draft, "--from", FIRST, "--to", LAST)

        assert done.returncode == 0, done.stderr
        assert "3 stays of 2 persons" in done.stdout
        assert "critical_illness_insurer: " in done.stdout

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda text: text.replace("approved_by", "by", 1), "approved_by"),
            (lambda _: "", "211381.yaml"),
        ],
        ids=["unapproved", "empty"],
    )
    async def test_refuses_a_file_that_is_not_sound(self, counter, tmp_path, change, said):
        draft = tmp_path / "211381.yaml"
        draft.write_text(change((POLICY_FOLDER / "211381.yaml").read_text(encoding="utf-8")), encoding="utf-8")

        done = await self.run(counter, "--file", draft, "--from", FIRST, "--to", LAST)

        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    async def test_names_what_is_missing_and_a_day_before_all_versions(self, counter):
        bare = await self.run(counter)
        early = await self.run(
            counter, "--file", POLICY_FOLDER / "211381.yaml", "--from", FIRST, "--to", LAST, "--version", "1999-01-01"
        )

        assert (bare.returncode, bare.stderr) == (2, "trial needs --file, --from and --to\n")
        assert (early.returncode, "1999-01-01" in early.stderr) == (2, True)
        assert books.__doc__
