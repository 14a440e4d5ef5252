"""What the tests of the packages share: the packages, and clean Debian roots to try them in.

`make package-check` runs them.
"""

import shutil

import pytest
from clean_root import ROOT, CleanRoot, build_packages, skip_where_no_root_can_be_made


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """{name: file} of the packages of this tree."""
    return build_packages(tmp_path_factory.mktemp("packages") / "first")


@pytest.fixture(scope="session")
def clean_root(tmp_path_factory):
    """clean_root(suite): a new one; gone at the end."""
    skip_where_no_root_can_be_made()
    folders = []

    def make(suite):
        folders.append(tmp_path_factory.mktemp("root"))
        return CleanRoot(suite, folders[-1])

    yield make
    for folder in folders:
        shutil.rmtree(folder)
