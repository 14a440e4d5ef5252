"""Clean Debian roots, and the packages to try in them.

They need root, debootstrap and Debian's archive. A root is made once (in ~/.cache/appeal-router) and
unpacked anew for each use, into a folder of its own.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "appeal-router"
MAKE_DEB = ROOT / "tests" / "setup" / "make_deb.sh"
# Mounts and processes of its own, that end with the command.
INSIDE = """\
mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" &&
root=$0 && exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
"""


def run(*command, **options):
    """Runs it; what it printed is shown where it fails."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, \
        f"{command} ended with {result.returncode}:\n{result.stdout[-8000:]}\n{result.stderr[-8000:]}"
    return result.stdout


class CleanRoot:
    """A Debian of a suite, with nothing but what debootstrap's smallest variant has."""

    def __init__(self, suite, folder):
        archive = CACHE / f"root-{suite}.tar"
        self.folder = folder / suite
        if not archive.exists():
            make_archive(suite, archive, folder)
        self.folder.mkdir(parents=True)
        run("tar", "--extract", "--file", archive, "--directory", self.folder)
        # Nothing that a package brings is started.
        policy = self.folder / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        self.run("apt-get", "-q", "update")

    def run(self, *command):
        return run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, self.folder, *command)

    def install(self, *packages):
        self.run("apt-get", "-q", "-y", "--no-install-recommends", "install", *packages)

    def put(self, *files):
        """Copies files to /packages inside; gives their paths there."""
        (self.folder / "packages").mkdir(exist_ok=True)
        for file in files:
            shutil.copy(file, self.folder / "packages")
        return [f"/packages/{file.name}" for file in files]

    def path(self, name):
        return self.folder / name.lstrip("/")


def make_archive(suite, archive, folder):
    """Whole or not at all, so that two runs at a time do no harm."""
    made = folder / f"{suite}-made"
    run("debootstrap", "--variant=minbase", suite, made)
    scratch = archive.with_suffix(f".{os.getpid()}")
    CACHE.mkdir(parents=True, exist_ok=True)
    run("tar", "--create", "--numeric-owner", "--file", scratch, "--directory", made, ".")
    scratch.rename(archive)
    shutil.rmtree(made)


def build_packages(folder, **environment):
    """{name: file} of the packages of this tree, built into @folder."""
    run(MAKE_DEB, folder, env={**os.environ, **environment})
    return {file.name.split("_")[0]: file for file in folder.glob("*.deb")}


def skip_where_no_root_can_be_made():
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("a clean root needs root, and debootstrap")
