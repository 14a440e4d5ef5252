"""The command line itself: help, versions, and what is said about a wrong one."""

import re
import subprocess

import pytest


def listed_commands(appealctl):
    return re.findall(r"^  ([a-z-]+)  ", appealctl("--help").stdout, re.MULTILINE)


def test_the_help_lists_every_command_and_each_has_a_help_with_examples(appealctl):
    commands = listed_commands(appealctl)
    assert "sandbox" in commands
    for command in commands:
        result = appealctl(command, "--help")
        assert result.returncode == 0
        assert result.stdout.startswith(f"Usage: appealctl {command}")
        assert f"\nExamples:\n  appealctl {command}" in result.stdout
        assert "--json" in result.stdout
        assert result.stderr == ""


def test_the_version_is_told(appealctl):
    result = appealctl("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"appealctl \d+\.\d+\.\d+\n", result.stdout)


@pytest.mark.parametrize("words, said", [
    ([], "which command?"),
    (["sandbok"], "no command 'sandbok'; did you mean 'sandbox'?"),
    (["xyzzy"], "no command 'xyzzy'"),
    (["sandbox", "--partition", "3"], "no option '--partition'; did you mean '--partitions'?"),
    (["sandbox", "--partitions"], "'--partitions' needs a COUNT"),
    (["sandbox", "--partitions", "0"], "--partitions 1 to"),
    (["sandbox", "--partitions=many"], "--partitions 1 to"),
    (["sandbox", "-p"], "no option '-p'"),
    (["sandbox", "now"], "'now' is one word too many"),
])
def test_a_wrong_command_line_ends_with_2_and_says_why(appealctl, words, said):
    result = appealctl(*words)
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_what_could_not_be_written_is_a_failure(program):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([program, "settings"], stdout=full, stderr=subprocess.PIPE, text=True,
                                timeout=60, check=False)
    assert result.returncode == 1
    assert "cannot write to stdout" in result.stderr


def test_nothing_is_coloured_where_there_is_no_terminal(appealctl):
    assert "\x1b" not in appealctl("sandbok", env={"TERM": "xterm"}).stderr


def test_the_manual_tells_of_every_command_and_of_no_other(root, appealctl):
    manual = (root / "docs" / "appealctl.md").read_text()
    assert set(re.findall(r"`appealctl ([a-z][a-z-]*)[ `]", manual)) == set(listed_commands(appealctl))
