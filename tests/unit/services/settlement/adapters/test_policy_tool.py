"""The command line of the policy files says what a bureau needs, and refuses in one line."""

import pytest

from services.settlement.adapters.policy_tool import main
from tests.unit.services.settlement.domain.counting_switches import RATIOS, START_LINES
from tests.unit.services.settlement.domain.later_switches import BOTTOMS, LATER
from tests.unit.services.settlement.domain.switches import county_file, rule, stay


@pytest.fixture
def tool(capsys):
    def run(*arguments):
        main([*arguments])
        return capsys.readouterr().out.splitlines()

    return run


class TestNew:
    def test_writes_a_file_that_passes_the_check(self, tool, tmp_path, capsys):
        tool("--folder", str(tmp_path), "new", "350723", "光泽县", "--from", "2019-07-22")

        with pytest.raises(SystemExit) as ended:
            main(["--folder", str(tmp_path), "check"])

        assert ended.value.code == 0
        assert "350723 光泽县: versions 2019-07-22; 1 worked examples agree" in capsys.readouterr().out

    def test_leaves_a_file_alone_that_is_there(self, tool, tmp_path):
        tool("--folder", str(tmp_path), "new", "350723", "光泽县")

        with pytest.raises(SystemExit, match="is there already"):
            tool("--folder", str(tmp_path), "new", "350723", "光泽县")


class TestCheck:
    def test_ends_with_a_fault_where_the_hand_differs(self, tmp_path, capsys):
        county_file(tmp_path, layers=rule("ratio: {value: 0.5, source: plan}"), examples=[stay("basic: 1", "999.00")])

        with pytest.raises(SystemExit) as ended:
            main(["--folder", str(tmp_path), "check"])

        assert ended.value.code == 1
        assert "basic pays 500.00 instead of 1.00" in capsys.readouterr().out


class TestDiff:
    def test_names_what_changed_with_its_paper(self, tool):
        lines = tool("diff", "211381", "2016-06-30", "2016-07-01")

        assert lines[0] == "211381 北票市: 2016-01-01 -> 2016-07-01"
        assert lines[-1] == "5 changes"
        assert any(
            line.startswith("  basic.inpatient.points (class ") and ": - -> 0.10  [北票市" in line for line in lines
        )

    def test_of_one_version_is_empty_and_of_the_other_way_round_the_same(self, tool):
        assert tool("diff", "211381", "2016-07-01", "2016-09-01")[-1] == "0 changes"
        assert tool("diff", "211381", "2016-07-01", "2016-06-30")[-1] == "5 changes"


class TestExplain:
    def test_gives_every_value_with_paper_and_mark(self, tool):
        lines = tool("explain", "211381", "--on", "2016-07-01")

        assert (
            "  basic.inpatient.cap: 150000.00  [2016-01-01 参考值，文件未载明，待北票市主管部门确认（待确认）]" in lines
        )
        assert any(line.startswith("  critical_illness.cumulated.ratio (class") for line in lines)

    @pytest.mark.parametrize("switch", [*START_LINES, *RATIOS, *LATER, *BOTTOMS])
    def test_names_what_every_switch_sets(self, switch, tool, tmp_path):
        layers, version, examples = (START_LINES | RATIOS | LATER | BOTTOMS)[switch]
        path = county_file(tmp_path, layers=layers, version=version, examples=examples)

        told = "\n".join(tool("--folder", str(tmp_path), "explain", "999902"))

        keys = {line.split(":")[0].strip(" -") for line in path.read_text(encoding="utf-8").splitlines()}
        for key in {"start_line", "points", "at_least", "floor", "base_cap", "reach", "leave", "own_limit"} & keys:
            assert f".{key}" in told


class TestTry:
    def test_shows_the_worked_example_step_by_step(self, tool):
        lines = tool(
            *("try", "211381", "--on", "2016-07-01", "--total", "52000", "--in-scope", "50000"),
            *("--category", "registered_poor", "--category", "allowance_recipient", "--scheme", "rural_cooperative"),
        )

        assert "    49700.00 元 × 80%" in lines
        assert lines[-1] == "个人负担 3971.60 元（总费用的 7.6%）"

    def test_says_why_nothing_is_paid(self, tool):
        lines = tool("try", "211381", "--total", "0", "--in-scope", "0", "--institution", "H21138100009")

        assert any("非定点医疗机构" in line for line in lines)

    def test_refuses_in_one_line(self, tool):
        with pytest.raises(SystemExit, match="is not there"):
            tool("explain", "999999")
        with pytest.raises(SystemExit, match="no policy in force"):
            tool("explain", "211381", "--on", "2015-01-01")
        with pytest.raises(SystemExit):
            tool("try", "211381", "--total", "many", "--in-scope", "1")
