"""The unit: systemd understands every line of it, and it keeps the daemon in a tight box."""

import json
import os
import re
import subprocess

import pytest


UNITS = ["appeal-routerd.service", "appeal-routerd@.service"]


@pytest.fixture(params=UNITS)
def unit(root, tmp_path, request):
    """A copy of the unit that starts a program which is there: verify looks for it."""
    text = (root / "systemd" / request.param).read_text()
    copy = tmp_path / request.param.replace("@", "@one")
    copy.write_text(re.sub(r"/usr/bin/appeal[\w-]+", "/bin/true", text))
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


def test_the_template_is_the_unit_but_for_its_paths(root):
    """Written twice, since systemd has no other way: here is what makes them one."""
    unit, template = ((root / "systemd" / name).read_text() for name in UNITS)
    described = template.split("\n", 2)[2].replace(" (%i)", "")
    assert described.replace("%i.yaml", "appeal-router.yaml").replace("appeal-router-%i", "appeal-router") == unit


def test_every_secret_of_the_settings_has_a_credential(root, build):
    """`kafka.password_file` is given by the credential `kafka-password`, and so on. Certificates are no secrets."""
    told = subprocess.run([build / "cli" / "appealctl", "settings", "--json"], check=True, capture_output=True, text=True)
    secrets = {f"{part}-{name.removesuffix('_file')}".replace("_", "-")
               for part, about in json.loads(told.stdout)["properties"].items()
               for name in about.get("properties", {}) if name.endswith("_file")} - {"redis-ca", "redis-certificate"}
    loaded = re.findall(r"^LoadCredential=([^:]+):appeal-router\.\1$", (root / "systemd" / UNITS[0]).read_text(), re.MULTILINE)
    assert secrets and secrets <= set(loaded)


def test_the_folders_can_be_made(root, tmp_path):
    """Under a root of its own, by the numeric ids of whoever runs this: the user is not there yet."""
    text = (root / "systemd" / "appeal-router.tmpfiles").read_text()
    assert "root appeal-router" in text
    settings = tmp_path / "made.conf"
    settings.write_text(text.replace("root appeal-router", f"{os.getuid()} {os.getgid()}"))
    result = subprocess.run(["systemd-tmpfiles", "--create", f"--root={tmp_path}", settings],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "etc" / "appeal-router").stat().st_mode & 0o777 == 0o750
