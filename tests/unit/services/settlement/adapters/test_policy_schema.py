"""The schema for editors knows every word of the language: shipped files pass, each key of the loader is in it."""

import json

import jsonschema
import pytest
import yaml

from services.settlement.adapters.policy_files import POLICY_FOLDER
from services.settlement.adapters.policy_files_rules import _OPTIONAL
from services.settlement.adapters.policy_schema import policy_schema
from services.settlement.adapters.policy_tool import SCHEMA
from tests.unit.services.settlement.domain.counting_switches import RATIOS, START_LINES
from tests.unit.services.settlement.domain.later_switches import BOTTOMS, LATER
from tests.unit.services.settlement.domain.switches import county_file

JUDGE = jsonschema.Draft202012Validator(policy_schema())
SWITCHES = START_LINES | RATIOS | LATER | BOTTOMS


class AsWritten(yaml.SafeLoader):
    """Reads as an editor's language server does: numbers as numbers, days and yes and no as texts."""


AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":bool"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=AsWritten)  # noqa: S506 - a SafeLoader


def test_stands_in_the_docs_as_it_is():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == policy_schema(), "make policy do=schema"


@pytest.mark.parametrize("path", sorted(POLICY_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_lets_every_shipped_file_pass(path):
    assert [f"{list(e.path)}: {e.message[:100]}" for e in JUDGE.iter_errors(read(path))] == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_lets_every_switch_pass(switch, tmp_path):
    layers, version, examples = SWITCHES[switch]
    path = county_file(tmp_path, layers=layers, version=version, examples=examples)

    assert [f"{list(e.path)}: {e.message[:100]}" for e in JUDGE.iter_errors(read(path))] == []


def test_knows_every_key_of_a_rule():
    rule = policy_schema()["properties"]["versions"]["items"]["properties"]["layers"]["items"]["properties"]["rules"]

    assert set(rule["items"]["properties"]) == {"rule", "label", "account", *_OPTIONAL}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value: 0.85", "value: 85"),
        ("base: in_scope", "base: everything"),
        ("account: basic", "acount: basic"),
        ("known_since: 2015-12-31", "known_since: yesterday"),
        ("value: 150000, assumed: reference", "value: 150000"),
    ],
)
def test_refuses_what_the_loader_refuses(old, new, tmp_path):
    text = (POLICY_FOLDER / "211381.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "211381.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    assert list(JUDGE.iter_errors(read(path))) != []
