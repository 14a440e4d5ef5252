"""The command line itself: help, versions, and what is said about a wrong one."""

import json
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


def test_no_help_is_wider_than_a_narrow_terminal(appealctl, program):
    helps = [appealctl("--help").stdout]
    helps += [appealctl(command, "--help").stdout for command in listed_commands(appealctl)]
    daemon = program.parents[1] / "daemon" / "appeal-routerd"
    helps.append(subprocess.run([daemon, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout)
    assert [line for text in helps for line in text.splitlines() if len(line) > 80] == []


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


@pytest.mark.parametrize("words, exit_code, code", [
    (["check"], 2, "usage"),
    (["check", "one", "two"], 2, "usage"),
    (["check", "--sttrict", "x"], 2, "usage"),
    (["route", "x", "--at"], 2, "usage"),
    (["completions", "fish"], 2, "usage"),
    (["sandbox", "--brokers", "0"], 2, "usage"),
    (["sandbox", "--config", "none.yaml"], 78, "input"),
    (["messages", "--code", "none"], 1, "not_found"),
    (["status", "--socket", "none.sock"], 1, "unreachable"),
])
def test_with_json_what_is_wrong_stands_on_stdout_too(appealctl, tmp_path, words, exit_code, code):
    result = appealctl(words[0], "--json", *words[1:], cwd=tmp_path)
    error = json.loads(result.stdout)["error"]
    assert (result.returncode, error["code"]) == (exit_code, code)
    assert error["message"] in result.stderr


def test_a_word_behind_two_dashes_is_no_option(appealctl, tmp_path):
    result = appealctl("check", "--", "--json", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (78, "")
    assert "cannot read '--json'" in result.stderr


@pytest.mark.parametrize("command", ["settings", "metrics", "messages"])
def test_what_needs_no_daemon_prints_json(appealctl, command):
    assert json.loads(appealctl(command, "--json").stdout)


def test_what_completions_know_is_told_as_json(appealctl):
    commands = json.loads(appealctl("completions", "zsh", "--json").stdout)["commands"]
    assert [command["name"] for command in commands] == listed_commands(appealctl)
    [check] = [command for command in commands if command["name"] == "check"]
    assert (check["options"][0]["name"], check["options"][0]["value"]) == ("agents", "FILE.jsonl")


def test_one_message_comes_in_the_form_that_is_asked_for(appealctl):
    one = appealctl("messages", "--markdown", "--code", "shard-stopped").stdout.strip()
    assert one.startswith("## shard-stopped")
    assert one in appealctl("messages", "--markdown").stdout


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
