"""The JSON Schemas of the events, ready to check data with."""

import functools
import json
import pathlib

import jsonschema
import referencing

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"


def load(uri):
    """Gives the schema that lies at a path below schemas/, as its references name it."""
    contents = json.loads((SCHEMAS / uri).read_text(encoding="utf-8"))
    return referencing.Resource.from_contents(contents)


REGISTRY = referencing.Registry(retrieve=load)


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
