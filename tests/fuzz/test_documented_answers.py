"""Schemathesis draws calls from the document, fitting ones and others; every answer must be a documented one.

FUZZ says how many of each are drawn for every operation (8), FUZZ_SEED which.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.conftest import Door
from tests.fuzz.surface import CHECKS, CLIENTS, FUZZ, OPERATIONS, SEED, scopes_of

RATE_LIMITED = 429


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """A kept connection."""
    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


def drawn(mode: GenerationMode, label: str, count: int, check: Any) -> None:
    """Hold every drawn call of an operation to the check."""

    @seed(SEED)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def run(case: Case) -> None:
        check(case)

    run()


def asked(door: Door, session: requests.Session, case: Case, scope: str) -> Any:
    """Make a call with a token of a scope, waiting out the limit of calls per second."""
    headers = door.bearer(CLIENTS[scope], scope) if scope else {}
    answers = []

    def is_answered() -> bool:
        answers[:] = [case.call(base_url=door.suite.base_url, session=session, headers=headers)]
        return bool(answers[0].status_code != RATE_LIMITED)

    door.until(is_answered)
    return answers[0]


CAN_BE_WRONG = [
    label
    for label, each in OPERATIONS.items()
    if "cursor" in str(each.definition.raw.get("parameters")) or "requestBody" in each.definition.raw
]
"""Operations whose parameters or body can fail to fit; a path takes any text, and then there is nothing there."""


class TestEveryOperation:
    @pytest.mark.parametrize("label", OPERATIONS)
    def test_answers_fitting_calls_as_documented(self, door: Door, session: requests.Session, label: str) -> None:
        for scope in scopes_of(label) or [""]:
            drawn(
                GenerationMode.POSITIVE,
                label,
                FUZZ,
                lambda case, scope=scope: case.validate_response(asked(door, session, case, scope), checks=CHECKS),
            )

    @pytest.mark.parametrize("label", CAN_BE_WRONG)
    def test_refuses_calls_that_do_not_fit_as_documented(
        self, door: Door, session: requests.Session, label: str
    ) -> None:
        checks = [*CHECKS, negative_data_rejection]
        for scope in scopes_of(label) or [""]:
            drawn(
                GenerationMode.NEGATIVE,
                label,
                FUZZ,
                lambda case, scope=scope: case.validate_response(asked(door, session, case, scope), checks=checks),
            )

    @pytest.mark.parametrize("label", OPERATIONS)
    def test_refuses_every_other_scope_as_documented(self, door: Door, session: requests.Session, label: str) -> None:
        for scope in [each for each in CLIENTS if scopes_of(label) and each not in scopes_of(label)]:
            drawn(
                GenerationMode.POSITIVE,
                label,
                1,
                lambda case, scope=scope: case.validate_response(asked(door, session, case, scope), checks=CHECKS),
            )
