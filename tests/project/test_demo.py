"""`make demo` works, keeps its word, and leaves nothing behind."""

import os
import subprocess
import sys

import pytest


@pytest.mark.timeout(600)
def test_the_demo_assigns_a_thousand_appeals_and_cleans_up(root, tmp_path):
    result = subprocess.run([sys.executable, root / "tests" / "demo" / "demo.py"],
                            env={**os.environ, "TMPDIR": str(tmp_path)}, timeout=500,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "All 1000 appeals are answered" in result.stdout
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == []
