"""What the tests of appealctl share: the program under test, run as a person or a script would."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ARO_BUILD_DIR", ROOT / "build" / "asan"))
PROGRAM = BUILD / "cli" / "appealctl"
TIMEOUT_S = 60


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def program():
    return PROGRAM


@pytest.fixture
def appealctl():
    """Runs appealctl with these words; gives what subprocess.run() gives, texts decoded."""
    def run(*words, **options):
        return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False, **options)
    return run
