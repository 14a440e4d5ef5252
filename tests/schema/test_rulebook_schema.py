"""schemas/rulebook.json is of one mind with the parser, as far as a schema can be."""

import json

import jsonschema
import pytest

# Mistakes that take more than one look at one value: names that must exist, rules that hide one
# another, sums, texts that are not YAML at all.
BEYOND_A_SCHEMA = {
    "a-tag", "an-anchor", "not-yaml", "key-twice",
    "queue-without-a-rule", "queue-unknown-in-a-rule", "queue-unknown-in-a-split", "market-unknown",
    "market-language-unknown", "accept-of-no-language", "market-zone-unknown", "launch-otherwise-unknown",
    "hours-of-a-day-twice", "hours-that-overlap", "hours-of-no-length", "holiday-that-is-none",
    "ladder-level-below-floor", "ladder-skill-below-floor", "needs-below-floor", "ladder-step-of-no-length",
    "ladder-last-step-with-end", "ladder-step-without-end", "offer-expires-too-soon", "reclaim-too-soon",
    "reclaim-too-late", "bound-is-infinite",
    "rule-twice", "split-sums-to-90", "too-many-combinations", "too-many-conditions-on-one-list",
    "no-catch-all", "hidden-by-a-wider-rule", "hidden-by-a-catch-all", "hidden-range",
    "hidden-by-a-rule-of-a-long-name", "hidden-by-numbers-that-follow-one-another", "too-many-attributes-and-fields",
    "hidden-though-both-are-alternatives", "test-of-another-rule", "test-of-another-queue",
    "test-of-another-priority", "test-of-another-deadline", "test-of-a-deadline-of-its-rule",
    "test-of-an-unknown-market", "test-of-a-deadline-of-the-appeal", "test-of-a-deadline-from-no-time",
    "test-attribute-is-infinite", "a-whole-when-of-attributes", "too-many-conditions", "too-many-alternatives",
}
GOLDEN = "tests/golden/rulebooks"


def golden(root, folder):
    return sorted((root / GOLDEN / folder).glob("*.yaml"))


def test_the_sample_rulebook_is_valid(root, validator, load_yaml):
    validator("rulebook").validate(load_yaml(root / "config" / "rulebook.yaml"))


def test_what_the_parser_accepts_the_schema_accepts(root, validator, load_yaml):
    rulebook = validator("rulebook")
    files = golden(root, "good")
    assert len(files) >= 8
    for file in files:
        errors = [f"{file.name}: {error.json_path}: {error.message}"
                  for error in rulebook.iter_errors(load_yaml(file))]
        assert errors == []


def test_what_the_parser_refuses_the_schema_refuses(root, validator, load_yaml):
    rulebook = validator("rulebook")
    files = [file for file in golden(root, "bad") if file.stem not in BEYOND_A_SCHEMA]
    assert len(files) >= 50
    assert [file.name for file in files if rulebook.is_valid(load_yaml(file))] == []


def test_what_is_beyond_the_schema_is_among_the_bad_files(root):
    assert BEYOND_A_SCHEMA <= {file.stem for file in golden(root, "bad")}


@pytest.mark.parametrize("when,is_valid", [
    ({"tier": {"at_least": 2, "below": 5}}, True),
    ({"tier": {"not": {"not": [1, 2]}}}, True),
    ({"attributes.value": True}, True),
    ({"any": [{"reason": "ip"}, {"not": {"market": ["BR"]}}]}, True),
    ({"reason": {"above": 2}}, False),
    ({"attributes.": 1}, False),
    ({"any": {"reason": "ip"}}, False),
    ({"tier": "two"}, False),
])
def test_conditions_are_described(validator, when, is_valid):
    rulebook = {"rulebook": "x", "queues": {"a": None},
                "rules": [{"name": "one", "when": when, "route": {"queue": "a"}},
                          {"name": "rest", "route": {"queue": "a"}}]}
    assert validator("rulebook").is_valid(rulebook) == is_valid


def test_every_key_is_described(root):
    """A key without a word on it is no help in an editor."""
    schema = json.loads((root / "schemas" / "rulebook.json").read_text())
    for name in ["market", "launch", "queue", "step"]:
        for key, member in schema["$defs"][name]["properties"].items():
            assert "description" in member or "$ref" in member, f"{name}.{key}"


def test_an_unknown_key_is_refused(validator):
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        validator("rulebook").validate(
            {"rulebook": "x", "queues": {}, "rules": [{"name": "r", "route": {"queue": "a"}}], "colour": 1})
