"""The jars of the Kafka that KAFKA_VERSION names, fetched once by Maven and kept in a cache."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

POM = pathlib.Path(__file__).resolve().parents[2] / "kafka" / "pom.xml"
VERSIONS = ("3.9.1", "4.1.0")  # the profiles of the pom
DEFAULT_VERSION = "4.1.0"


class Unavailable(Exception):
    """This machine can have no Kafka; the text says why."""


def wanted_version():
    version = os.environ.get("KAFKA_VERSION", DEFAULT_VERSION)
    matches = [known for known in VERSIONS if known == version or known.startswith(version + ".")]
    if not matches:
        raise Unavailable(f"KAFKA_VERSION={version}: tests/kafka/pom.xml has {', '.join(VERSIONS)}")
    return matches[0]


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "appeal-router"


def find_jars(version):
    """The folder with all jars of `version`, fetching them if need be. Raises Unavailable."""
    if not shutil.which("java"):
        raise Unavailable("no java in PATH")
    folder = cache_folder() / f"kafka-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"kafka-{version}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fetch_jars(version, folder)
    return folder


def fetch_jars(version, folder):
    if not shutil.which("mvn"):
        raise Unavailable("no mvn in PATH to fetch Kafka's jars with")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = pathlib.Path(scratch) / "jars"
        command = ["mvn", "-q", "-B", "-f", str(POM), "-P", version]
        command += ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=540)
        if result.returncode != 0:
            reason = (result.stdout + result.stderr).strip().splitlines()
            raise Unavailable(f"mvn could not fetch Kafka {version}: {(reason or ['?'])[0]}")
        target.rename(folder)  # whole or not at all
