"""The file of cost control: as it ships, and refused at the start where it is not sound."""

import pytest

from common.kit.text_yaml import DataFileInvalid
from services.settlement.adapters.cost_control import COST_FILE, load_cost_rules
from services.settlement.domain.cost_control import CostKind

LIMIT = '  - {county: "350723", kind: %s, limit: %s, from: 2019-07-22, to: "", mark: verified, source: 文件}\n'


def with_limits(*rows):
    return COST_FILE.read_text(encoding="utf-8").replace(
        "limits: []", "limits:\n" + "".join(LIMIT % row for row in rows)
    )


def test_ships_with_words_and_no_limit_that_no_text_names():
    rules = load_cost_rules({"350723"})

    assert rules.words["西药费"] is CostKind.DRUG
    assert rules.limits == ()


def test_a_county_sets_its_limits(tmp_path):
    (tmp_path / "cost_control.yaml").write_text(with_limits(("drug", "0.30"), ("test", "0.2")), encoding="utf-8")

    rules = load_cost_rules({"350723"}, tmp_path / "cost_control.yaml")

    assert [(each.kind.value, str(each.limit)) for each in rules.limits] == [("drug", "0.30"), ("test", "0.2")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_limits(("drug", "1.2")), "write a share from 0 to 1"),
        (with_limits(("drug", "much")), "InvalidOperation|ConversionSyntax"),
        (with_limits(("beds", "0.2")), "beds"),
        (with_limits(("drug", "0.2"), ("drug", "0.3")), "counts twice on one day"),
        (with_limits(("drug", "0.2")).replace("350723", "999999"), "no policy file of 999999"),
        (COST_FILE.read_text(encoding="utf-8").replace("化验费", "西药费"), "stands twice"),
        (COST_FILE.read_text(encoding="utf-8").replace("limits: []", "bounds: []"), "bounds|limits"),
    ],
    ids=["above one", "no number", "kind", "twice", "county", "word", "key"],
)
def test_what_is_not_sound_is_refused_at_the_start(tmp_path, text, said):
    (tmp_path / "cost_control.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(DataFileInvalid, match=f"^cost_control.yaml: .*({said})"):
        load_cost_rules({"350723"}, tmp_path / "cost_control.yaml")
