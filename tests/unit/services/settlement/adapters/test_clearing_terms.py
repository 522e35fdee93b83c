"""The counties' clearing terms are read strictly."""

import pytest

from common.core.money import Money
from common.kit.text_yaml import DataFileInvalid
from services.settlement.adapters.clearing_terms import load_terms
from services.settlement.domain.clearing import Calendar, EmptyFund, Terms

USUAL = 'usual: {calendar: month, centre: "", empty_fund: overdraft, waive_up_to: 50, mark: assumed, source: nowhere}\n'
ROW = (
    '{county: "522632", calendar: quarter, centre: basic, empty_fund: owed, waive_up_to: 0.50, mark: verified, '
    "source: a text}"
)


def written(folder, text):
    path = folder / "clearing.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_terms_are_good():
    terms = load_terms()

    assert terms.of("999999") == Terms(Calendar.MONTH, None, Money(5_000))
    assert terms.of("522632").centre == "rural_cooperative"


def test_a_county_has_its_own(tmp_path):
    terms = load_terms(written(tmp_path, f"{USUAL}counties: [{ROW}]"))

    assert terms.of("522632") == Terms(Calendar.QUARTER, "basic", Money(50), EmptyFund.OWED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{USUAL}counties: [{ROW}, {ROW}]", "twice"),
        (f"{USUAL}counties: [{ROW.replace('quarter', 'week')}]", "week"),
        (f"{USUAL}counties: [{ROW.replace('verified', 'sure')}]", "mark"),
        (f"{USUAL}counties: [{ROW.replace('0.50', '-1')}]", "waive_up_to"),
        (f"{USUAL}counties: [{ROW.replace('0.50', 'much')}]", "amount"),
        (USUAL, "lacks"),
        (f"{USUAL}counties: 5", "clearing.yaml"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path, text, said):
    with pytest.raises(DataFileInvalid, match=said):
        load_terms(written(tmp_path, text))
