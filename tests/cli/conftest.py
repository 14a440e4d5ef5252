"""What the tests of appealctl share: the program under test, run as a person or a script would."""

import os
import pathlib
import signal
import subprocess
import tempfile

import pytest
import running_router

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


@pytest.fixture
def folder():
    """Short, since the path of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        yield pathlib.Path(name)


@pytest.fixture(autouse=True)
def no_router_outlives_its_test():
    """A failed test leaves its routers running, and in their groups: who comes next would wait for them."""
    first = len(running_router.started)
    yield
    for router in running_router.started[first:]:
        router.abandon()


@pytest.fixture(scope="module")
def broker(program):
    """Address of a sandbox's broker."""
    process = subprocess.Popen([program, "sandbox"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_S)
        process.stdout.close()
