"""What the core answers in the golden folders is as schemas/ says."""

import json
import os
import pathlib
import subprocess

from harness import event_schemas

BUILD = pathlib.Path(os.environ.get("ARO_BUILD_DIR", event_schemas.ROOT / "build" / "asan"))
TIMEOUT_S = 60


def test_every_answer_is_as_its_schema_says():
    printed = subprocess.run([BUILD / "tests" / "unit" / "test_golden_routing", "--print"], check=True,
                             capture_output=True, text=True, timeout=TIMEOUT_S).stdout
    outputs = [json.loads(line) for line in printed.splitlines()]
    wrong = [f"{output['type']} of {output['key']}: {error}" for output in outputs
             for error in event_schemas.errors("out", output["type"], output["data"])]
    assert len(outputs) > 700
    assert wrong == []
