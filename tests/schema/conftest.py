"""What the tests of the schemas share: the schemas, and the programs that must agree with them."""

import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ARO_BUILD_DIR", ROOT / "build" / "asan"))
TIMEOUT_S = 60
sys.path.insert(0, str(ROOT / "tests" / "scenario"))  # for the harness: it knows the events' schemas


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def appealctl():
    """Runs appealctl with these words; gives its stdout. It must end well."""
    def run(*words):
        return subprocess.run([BUILD / "cli" / "appealctl", *words], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=True).stdout
    return run


@pytest.fixture(scope="session")
def validator():
    """The validator of schemas/<name>.json, whose own form is checked first."""
    def load(name):
        schema = json.loads((ROOT / "schemas" / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)
    return load


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as far as our files use it: `yes`, `no`, `on` and dates are texts."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
        ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", list("-+0123456789")),
        ("tag:yaml.org,2002:float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
         list("-+0123456789."))]:
    CoreLoader.add_implicit_resolver(tag, re.compile(pattern), first)


@pytest.fixture(scope="session")
def load_yaml():
    return lambda path: yaml.load(path.read_text(), CoreLoader)
