"""`cmake --install` lays down what a packager, and a program that links the library, need."""

import os
import re
import subprocess

import pytest

PROGRAM = """\
#include <aro/rulebook.h>
#include <aro/language.h>
#include <stdio.h>

int main(void)
{
    struct aro_languages *languages;
    if (aro_languages_new(&languages) < 0)
        return 1;
    aro_languages_free(languages);
    puts("linked");
    return 0;
}
"""
EXPECTED = [
    "bin/appeal-routerd", "bin/appealctl", "include/aro/router.h", "lib/systemd/system/appeal-routerd.service",
    "lib/systemd/system/appeal-routerd@.service", "lib/systemd/catalog/appeal-router.catalog", "lib/sysusers.d/appeal-router.conf",
    "lib/tmpfiles.d/appeal-router.conf", "share/man/man1/appealctl.1", "share/man/man5/appeal-router.yaml.5",
    "share/man/man5/appeal-rulebook.5", "share/man/man8/appeal-routerd.8", "share/doc/appeal-router/CHANGELOG.md",
    "share/doc/appeal-router/examples/rulebook.yaml", "share/appeal-router/schemas/rulebook.json",
]


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", root / "build" / "release", "--prefix", prefix], check=True, capture_output=True)
    return prefix


def pkg_config(prefix, *words):
    (file,) = prefix.glob("lib/**/appealrouter.pc")
    result = subprocess.run(["pkg-config", *words, "appealrouter"], capture_output=True, text=True, check=True,
                            env={**os.environ, "PKG_CONFIG_PATH": str(file.parent)})
    return result.stdout.split()


@pytest.mark.parametrize("name", EXPECTED)
def test_it_lays_down(installed, name):
    assert (installed / name).stat().st_size > 0


def test_every_document_of_the_project_is_among_what_it_lays_down(installed, root):
    laid = installed / "share/doc/appeal-router/docs"
    for pattern in ("*.md", "images/*"):
        assert {path.name for path in laid.glob(pattern)} == {path.name for path in (root / "docs").glob(pattern)}


def test_a_program_builds_and_runs_with_what_pkg_config_says(installed, tmp_path):
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    program = tmp_path / "program"
    subprocess.run(["cc", "-Wall", "-Werror", *pkg_config(installed, "--cflags"), source, "-o", program,
                    *pkg_config(installed, "--libs")], check=True, cwd=tmp_path)
    assert subprocess.run([program], check=True, capture_output=True, text=True).stdout == "linked\n"


def test_pkg_config_tells_the_version_that_the_programs_tell(installed):
    told = subprocess.run([installed / "bin/appealctl", "--version"], check=True, capture_output=True, text=True).stdout
    assert told.split()[1:] == pkg_config(installed, "--modversion")


def test_the_units_start_the_program_where_it_is_installed(installed, root):
    cache = (root / "build/release/CMakeCache.txt").read_text()
    (prefix,) = re.findall(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", cache, re.MULTILINE)
    for unit in (installed / "lib/systemd/system").iterdir():
        programs = set(re.findall(r"^Exec\w+=(\S*appeal-routerd) ", unit.read_text(), re.MULTILINE))
        assert programs == {f"{prefix}/bin/appeal-routerd"}
