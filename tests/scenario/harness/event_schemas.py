"""The JSON Schemas of the events, ready to check data with."""

import collections
import functools
import json
import pathlib

import jsonschema
import referencing

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "schemas"


def load(uri):
    """Gives the schema that lies at a path below schemas/, as its references name it."""
    contents = json.loads((SCHEMAS / uri).read_text(encoding="utf-8"))
    return referencing.Resource.from_contents(contents)


REGISTRY = referencing.Registry(retrieve=load)


@functools.cache
def event_types(direction):
    """The types of events `in` or `out`."""
    return sorted(path.stem for path in (SCHEMAS / direction).glob("*.json"))


@functools.cache
def validator(direction, event_type):
    schema = {"$ref": f"{direction}/{event_type}.json"}
    return jsonschema.Draft202012Validator(schema, registry=REGISTRY)


def errors(direction, event_type, data):
    """What is wrong with the data of an event; of our own events unknown members are wrong too."""
    found = [f"{error.json_path}: {error.message}"
             for error in validator(direction, event_type).iter_errors(data)]
    if direction == "out":
        known = load(f"{direction}/{event_type}.json").contents["properties"]
        found += [f"$.{name}: not in the schema" for name in data if name not in known]
    return found


OUTPUTS_A_TYPE_MAX = 500  # of each type: a shape that is wrong is wrong in the first ones


def output_errors(records):
    """What is wrong with events that we wrote: records with `ce_type` among their headers."""
    seen, found = collections.Counter(), []
    for record in records:
        event_type = record.headers.get("ce_type")
        seen[event_type] += 1
        if event_type not in event_types("out"):
            found.append(f"{record.place}: type '{event_type}' has no schema")
        elif seen[event_type] <= OUTPUTS_A_TYPE_MAX:
            data = json.loads(record.value)
            found += [f"{record.place}, {event_type}: {error}"
                      for error in errors("out", event_type, data)]
    return found
