"""README's commands do what README says, as written.

Blocks fenced as `console` are run in order by one bash, in a private folder that shows the project's
files. Blocks fenced as `sh` are shown and not run: what they hold builds or tests everything, and is
itself what runs these tests.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest
from console import check, comes_out, examples

SETTINGS = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


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


@pytest.mark.timeout(600)
def test_what_readme_shows_is_what_comes_out(root, shell):
    for _ in check(shell, (root / "README.md").read_text(), "README"):
        pass


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
    assert comes_out(["a:  b", "  c"], ["a:    b", "  c"])
    assert not comes_out(["  a"], ["a"])
    assert not comes_out(["b", "a"], ["a", "b"])
    assert not comes_out(["a"], ["a", "b"])
    assert not comes_out(["a b"], ["a c"])
    assert examples("```console\n$ one \\\n  two\nout\n\n$ cat <<END\ntext\nEND\n$ three\n```\n") == [
        ("one \\\n  two", ["out"]), ("cat <<END\ntext\nEND", []), ("three", [])]
