"""What the tests of the project itself share: its folders and its files."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def build():
    """The build tree under test: programs, objects and the library."""
    return pathlib.Path(os.environ.get("ARO_BUILD_DIR", ROOT / "build" / "asan"))


@pytest.fixture(scope="session")
def tracked():
    """Every file of the project, as git knows them, relative to the top."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True)
    names = (pathlib.Path(name) for name in listing.stdout.split("\0") if name)
    return sorted(name for name in names if (ROOT / name).is_file())
