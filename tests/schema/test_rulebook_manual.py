"""docs/rulebook.md: what it shows is right."""

import re

import pytest
import yaml

from harness import event_schemas

MANUAL = (event_schemas.ROOT / "docs" / "rulebook.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
# What an example leaves out, as it is a part of a rulebook.
REST = {"rulebook": "manual", "queues": {"general": None},
        "rules": [{"name": "rest", "route": {"queue": "general"}}]}


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_valid(validator, example, tmp_path, load_yaml):
    file = tmp_path / "example.yaml"
    file.write_text(example)
    validator("rulebook").validate({**REST, **load_yaml(file)})


def test_there_are_examples_of_every_part():
    shown = {key for example in EXAMPLES for key in yaml.safe_load(example)}
    assert shown == {"rulebook", "seed", "defaults", "languages", "markets", "queues", "rules", "tests"}


def test_every_key_of_the_schema_is_in_the_manual():
    definitions = event_schemas.load("rulebook.json").contents["$defs"]
    keys = {key for name in ["market", "launch", "queue", "step", "rule", "test"]
            for key in definitions[name]["properties"]}
    assert sorted(key for key in keys if key not in MANUAL) == []
