"""The schemas say what the reader does: good events pass, broken ones fail, examples are true."""

import json
import re

import jsonschema
import pytest
from harness import event_schemas

DATA = event_schemas.ROOT / "tests" / "data"
GOOD = json.loads((DATA / "good_events.json").read_text(encoding="utf-8"))
BROKEN = [event for event in json.loads((DATA / "broken_events.json").read_text(encoding="utf-8"))
          if event.get("schema_visible")]
EVENTS = [(direction, event_type) for direction in ("in", "out")
          for event_type in event_schemas.event_types(direction)]
PATHS = sorted(path.relative_to(event_schemas.SCHEMAS)
               for path in event_schemas.SCHEMAS.rglob("*.json"))


def name(event):
    return event["name"]


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_schema_is_one_itself(path):
    schema = event_schemas.load(path).contents
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    jsonschema.Draft202012Validator.check_schema(schema)


def test_there_is_a_schema_for_every_event():
    assert event_schemas.event_types("in") == sorted({event["type"] for event in GOOD})
    assert event_schemas.event_types("out") == [
        "appeal.closed", "appeal.escalated", "appeal.held", "appeal.merged", "appeal.overdue",
        "appeal.rerouted", "appeal.resumed", "appeal.waiting", "assignment.created",
        "assignment.offered", "assignment.revoked", "event.ignored"]


@pytest.mark.parametrize("direction,event_type", EVENTS)
def test_the_examples_of_an_event_are_right(direction, event_type):
    schema = event_schemas.load(f"{direction}/{event_type}.json").contents
    assert schema["description"] and schema["examples"]
    for example in schema["examples"]:
        assert event_schemas.errors(direction, event_type, example) == []


@pytest.mark.parametrize("direction,event_type", EVENTS)
def test_every_member_of_an_event_is_described(direction, event_type):
    for member, schema in event_schemas.load(f"{direction}/{event_type}.json").contents[
            "properties"].items():
        assert "description" in schema or "$ref" in schema, member


@pytest.mark.parametrize("event", GOOD, ids=name)
def test_a_good_event_passes(event):
    assert event_schemas.errors("in", event["type"], event["data"]) == []


@pytest.mark.parametrize("event", BROKEN, ids=name)
def test_a_broken_event_fails(event):
    data = json.loads(event["value"])
    assert event_schemas.errors("in", data["type"], data) != []


def test_a_member_that_no_schema_knows_is_an_error_in_what_we_write():
    data = {"appeal_id": "a-91", "reason": "on_hold"}
    assert event_schemas.errors("out", "appeal.held", data) == []
    assert event_schemas.errors("out", "appeal.held", {**data, "because": 1}) != []


MANUAL = (event_schemas.ROOT / "docs" / "events.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### `(\S+)`\n(.*?)(?=^##|\Z)", MANUAL, re.MULTILINE | re.DOTALL)


def test_the_manual_has_a_section_for_every_event():
    assert sorted(title for title, _ in SECTIONS) == sorted(event_type for _, event_type in EVENTS)


@pytest.mark.parametrize("event_type,section", SECTIONS, ids=[title for title, _ in SECTIONS])
def test_an_example_of_the_manual_is_right(event_type, section):
    direction = "in" if event_type in event_schemas.event_types("in") else "out"
    for example in re.findall(r"^```json\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        assert event_schemas.errors(direction, event_type, json.loads(example)) == []
