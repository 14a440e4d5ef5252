"""What the tests under a real systemd share: a Debian with the package's neighbours, and Kafka and Redis.

`make systemd-check` runs them. They need root, namespaces, control groups and Debian's archive.
"""

import os
import pathlib
import shutil
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("package", "scenario", "project"):
    sys.path.insert(0, str(ROOT / "tests" / folder))

from clean_root import CleanRoot, build_packages, skip_where_no_root_can_be_made  # noqa: E402
from harness.kafka_broker import Broker  # noqa: E402
from harness.kafka_jars import wanted_version  # noqa: E402
from harness.redis_server import RedisServer  # noqa: E402
from machine import Machine, find_cgroups  # noqa: E402

PASSWORD = "opensesame"
PACKAGE = "/srv/appeal-router.deb"  # in each machine


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The package of this tree; or the one that ARO_PACKAGE names."""
    named = os.environ.get("ARO_PACKAGE")
    if named:
        return pathlib.Path(named)
    return build_packages(tmp_path_factory.mktemp("packages") / "made", DEB_BUILD_OPTIONS="nocheck")["appeal-router"]


@pytest.fixture(scope="session")
def debian(tmp_path_factory, package):
    """A Debian 12 with systemd and all that the package depends on; the package itself is PACKAGE, not installed."""
    skip_where_no_root_can_be_made()
    if not find_cgroups():
        pytest.skip("systemd needs control groups (cgroup2) that may be written")
    folder = tmp_path_factory.mktemp("root")
    debian = CleanRoot("bookworm", folder)
    (file,) = debian.put(package)
    debian.install("systemd", "systemd-sysv", "procps", "kcat", file)
    debian.run("dpkg", "--purge", "appeal-router")
    debian.path("/usr/sbin/policy-rc.d").unlink()
    shutil.move(debian.path(file), debian.path(PACKAGE))
    yield debian.folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_machine(debian, tmp_path_factory):
    """new_machine(): one more system; all of them are gone at the end."""
    machines = []

    def make():
        machines.append(Machine(debian, tmp_path_factory.mktemp("machine")))
        return machines[-1]

    yield make
    for machine in machines:
        machine.stop()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    broker = Broker(wanted_version(), tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """It asks for PASSWORD."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    server.client.config_set("requirepass", PASSWORD)
    yield server
    server.kill()
