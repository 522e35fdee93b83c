"""The audit fails on a hole, and never takes silence for health."""

from __future__ import annotations

from deploy.audit import CANARY, Finding, audit, finding_of

HOLE = "jinja2 2.11.2: PYSEC-2021-66, mended in 2.11.3"


def answering(found: Finding, *, canary: Finding | None = None):
    def ask(arguments: list[str]) -> Finding:
        return (canary or Finding([HOLE], 1, [])) if "--no-deps" in arguments else found

    return ask


class TestAudit:
    def test_passes_when_the_data_base_knows_of_nothing(self) -> None:
        status, lines = audit(answering(Finding([], 100, [])), is_required=True)

        assert status == 0
        assert lines == ["100 packages without a known vulnerability"]

    def test_fails_on_a_hole_and_names_it(self) -> None:
        status, lines = audit(answering(Finding([HOLE], 100, [])), is_required=False)

        assert (status, lines) == (1, [f"!! {HOLE}"])

    def test_says_loudly_when_nobody_answers(self) -> None:
        silent = answering(Finding([], 100, []), canary=Finding([], 0, ["jinja2"]))

        assert audit(silent, is_required=False)[0] == 0
        assert CANARY in audit(silent, is_required=False)[1][1]
        assert audit(silent, is_required=True)[0] == 1

    def test_fails_when_none_of_our_packages_is_known(self) -> None:
        assert audit(answering(Finding([], 0, ["fastapi"])), is_required=False)[0] == 1

    def test_names_packages_the_data_base_does_not_know(self) -> None:
        assert audit(answering(Finding([], 99, ["fastapi"])), is_required=True)[1] == [
            "99 packages without a known vulnerability; unknown to the data base: fastapi"
        ]


class TestFindingOf:
    def test_reads_the_report(self) -> None:
        hole = {"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "aliases": [], "description": ""}
        report = {
            "dependencies": [
                {"name": "jinja2", "version": "2.11.2", "vulns": [hole]},
                {"name": "click", "version": "8", "vulns": []},
                {"name": "strange", "skip_reason": "not found"},
            ]
        }

        assert finding_of(report) == Finding([HOLE], 2, ["strange"])
