"""The drill's verdict sees what is lost, what is there twice, and what never came to rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.drill_books import BEHIND, Books, verdict

IDS = ["s1", "s2", "s3"]
GOOD = Books(
    settled=IDS,
    journal=IDS,
    log=[*IDS, "older"],
    behind={name: [*IDS, "older"] for name in BEHIND},
    unbalanced=[],
    pending=dict.fromkeys(("identity", "settlement"), 0),
    diverted={"identity": 0},
)


def judged(books: Books, *, acknowledged: set[str] | None = None, unknown: int = 0) -> list[str]:
    return verdict(books, acknowledged=acknowledged or set(IDS), tried=3, unknown=unknown)


class TestVerdict:
    def test_finds_nothing_where_all_books_agree(self) -> None:
        assert judged(GOOD) == []

    @pytest.mark.parametrize(
        ("books", "fault"),
        [
            (replace(GOOD, settled=["s1", "s2"]), "1 acknowledged settlements are not booked"),
            (replace(GOOD, journal=["s1", "s2"]), "journal: 1 missing, one is s3"),
            (replace(GOOD, journal=[*IDS, "s3"]), "journal: 1 twice, one is s3"),
            (replace(GOOD, log=["s1", "s3"]), "event log: 1 missing, one is s2"),
            (replace(GOOD, behind=GOOD.behind | {"contracts": ["s1", "s2"]}), "contracts: 1 missing, one is s3"),
            (replace(GOOD, behind=GOOD.behind | {"gateway": [*IDS, "s1"]}), "gateway: 1 twice, one is s1"),
            (replace(GOOD, unbalanced=["e1"]), "1 journal entries do not balance"),
            (replace(GOOD, pending={"settlement": 4}), "settlement: 4 events not sent"),
            (replace(GOOD, diverted={"identity": 2}), "identity: 2 keys set aside"),
        ],
    )
    def test_names_the_fault(self, books: Books, fault: str) -> None:
        assert judged(books) == [fault]

    def test_lets_a_call_without_an_answer_be_booked_or_not(self) -> None:
        assert judged(GOOD, acknowledged={"s1", "s2"}, unknown=1) == []
        assert judged(GOOD, acknowledged={"s1", "s2"}) == ["1 booked and not acknowledged, 0 calls without an answer"]

    def test_is_no_success_when_nothing_was_acknowledged(self) -> None:
        empty = Books([], [], [], {}, [], {}, {})

        assert verdict(empty, acknowledged=set(), tried=3, unknown=3) == ["nothing was acknowledged"]
