"""The unit: systemd understands every line of it, and it keeps the daemon in a tight box."""

import subprocess

import pytest


@pytest.fixture
def unit(root, tmp_path):
    """A copy of the unit that starts a program which is there: verify looks for it."""
    text = (root / "systemd" / "appeal-routerd.service").read_text()
    copy = tmp_path / "appeal-routerd.service"
    copy.write_text(text.replace("/usr/bin/appeal-routerd", "/bin/true"))
    return copy


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


def test_systemd_understands_every_line_of_the_unit(unit):
    # It only warns of unknown settings, and about other units of this host too.
    result = analyze("verify", "--man=no", str(unit))
    about_ours = [line for line in result.stderr.splitlines() if "appeal-routerd" in line]
    assert about_ours == []
    assert result.returncode == 0, result.stderr


def test_the_exposure_of_the_unit_is_1_1_at_most(unit):
    result = analyze("security", "--offline=yes", "--threshold=11", "--no-pager", str(unit))
    assert result.returncode == 0, result.stdout


def test_the_user_can_be_made(root):
    result = subprocess.run(["systemd-sysusers", "--dry-run", "-"], capture_output=True, text=True,
                            input=(root / "systemd" / "appeal-router.sysusers").read_text())
    assert result.returncode == 0, result.stderr
    assert "appeal-router" in result.stdout + result.stderr
