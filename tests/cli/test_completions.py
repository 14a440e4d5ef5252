"""The scripts that complete appealctl's command lines, in the shells that read them."""

import subprocess

import pytest

BASH = """
source /dev/stdin
COMP_WORDS=(appealctl "$@") COMP_CWORD=$#
_appealctl
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { }
_describe() { print -l ${(P)2%%:*} }
_arguments() { for option; do [[ $option == --* ]] && print -r -- ${option%%\\[*}; done; true }
source /dev/stdin
words=(appealctl "$@") CURRENT=$(($# + 1))
_appealctl
"""


@pytest.fixture(params=["bash", "zsh"])
def complete(request, appealctl):
    """Gives what the shell offers for the last of some words."""
    shell = request.param
    script = appealctl("completions", shell).stdout
    code = BASH if shell == "bash" else ZSH

    def run(*words):
        result = subprocess.run([shell, "-c", code, shell, *words], input=script, capture_output=True,
                                text=True, timeout=60, check=True)
        assert result.stderr == ""
        offered = result.stdout.split()
        return [word for word in offered if word.startswith(words[-1])]
    return run


def test_every_command_of_the_help_is_offered(complete, appealctl):
    listed = appealctl("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    names = [line.split()[0] for line in listed.splitlines()]
    assert [word for word in complete("") if not word.startswith("-")] == names


@pytest.mark.parametrize("words, offered", [
    (["sta"], ["status", "start-shard"]),
    (["queues", "--w"], ["--watch"]),
    (["start-shard", "main", "--"], ["--socket", "--new-ledger", "--json", "--help"]),
])
def test_what_may_come_next_is_offered(complete, words, offered):
    assert complete(*words) == offered


def test_another_shell_is_refused(appealctl):
    result = appealctl("completions", "fish")
    assert result.returncode == 2
    assert "expected bash or zsh" in result.stderr
