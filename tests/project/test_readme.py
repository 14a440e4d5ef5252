"""README's commands do what README says, as written.

Blocks fenced as `console` are run in order by one bash, in a private folder that shows the project's
files: a line after "$ " is typed, the lines below it must come out; "..." stands for any lines, or
within a line for any text; where no line is below, anything may come out. Blocks fenced as `sh` are shown and not run: what they hold
builds or tests everything, and is itself what runs these tests.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
HERE_TEXT = re.compile(r"<<(\w+)$")
DONE = "--- done"


def command_length(lines):
    """How many of @lines, that begin with a command, are typed: up to its last line or here-text's end."""
    here_text = HERE_TEXT.search(lines[0])
    if here_text:
        return lines.index(here_text.group(1)) + 1
    count = 1
    while lines[count - 1].endswith("\\"):
        count += 1
    return count


def examples(text):
    """(typed, expected lines) of every command in @text."""
    found = []
    for block in BLOCK.findall(text):
        lines = block.splitlines()
        while lines:
            assert lines[0].startswith("$ "), f"neither typed nor under a command: {lines[0]}"
            length = command_length(lines)
            output = length
            while output < len(lines) and not lines[output].startswith("$ "):
                output += 1
            found.append(("\n".join(lines[:length])[2:], [line for line in lines[length:output] if line]))
            lines = lines[output:]
    return found


def comes_out(expected, lines):
    """Whether @lines are those @expected; nothing expected: whatever comes."""
    pattern = "".join("(?:.*\\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\\n"
                      for line in expected)
    shown = "".join(line.rstrip() + "\n" for line in lines if line)
    return not expected or re.fullmatch(pattern, shown) is not None


@pytest.fixture
def shell(root, tmp_path):
    """A bash in a private folder with the project's files; ends with all that it started."""
    for entry in root.iterdir():
        if entry.name != ".git":
            (tmp_path / entry.name).symlink_to(entry)
    environment = {name: value for name, value in os.environ.items() if name != "ARO_BUILD_DIR"}
    process = subprocess.Popen(
        ["bash", "--norc"], cwd=tmp_path, env=environment, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    yield process
    os.killpg(process.pid, signal.SIGTERM)
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=60)


def run(shell, typed):
    """Types @typed; gives what came out and the exit status."""
    shell.stdin.write(f"{typed}\nprintf '\\n{DONE} %s\\n' $?\n")
    shell.stdin.flush()
    lines = []
    for line in shell.stdout:
        if line.startswith(DONE):
            return lines, int(line.split()[-1])
        lines.append(line.rstrip("\n"))
    pytest.fail("the shell ended at: " + typed)


@pytest.mark.timeout(120)
def test_what_readme_shows_is_what_comes_out(root, shell):
    shown = examples((root / "README.md").read_text())
    assert shown
    for typed, expected in shown:
        lines, status = run(shell, typed)
        output = "\n".join(lines)
        assert status == 0, f"$ {typed}\nended with status {status}:\n{output}"
        assert comes_out(expected, lines), f"$ {typed}\nREADME shows:\n" + "\n".join(expected) + \
            f"\nbut this came out:\n{output}"


def test_the_least_settings_that_readme_shows_are_enough(root, tmp_path):
    (block,) = SETTINGS.findall((root / "README.md").read_text())
    (tmp_path / "router.yaml").write_text(block)
    shutil.copy(root / "config" / "rulebook.yaml", tmp_path)
    result = subprocess.run(
        [root / "build/release/daemon/appeal-routerd", "--check", "--config", tmp_path / "router.yaml"],
        capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_an_example_that_comes_out_otherwise_is_noticed():
    assert comes_out(["a", "...", "b ... d"], ["a", "x", "b c d"])
    assert comes_out(["...", "b"], ["a", "", "b"])
    assert comes_out([], ["a"])
    assert not comes_out(["b", "a"], ["a", "b"])
    assert not comes_out(["a"], ["a", "b"])
    assert not comes_out(["a b"], ["a c"])
    assert examples("```console\n$ one \\\n  two\nout\n\n$ cat <<END\ntext\nEND\n$ three\n```\n") == [
        ("one \\\n  two", ["out"]), ("cat <<END\ntext\nEND", []), ("three", [])]
