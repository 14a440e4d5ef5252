"""Fixtures of the black-box tests: one broker for the run, a world of its own for each test."""

import os
import shutil
import subprocess

import pytest
from harness.daemon import program
from harness.kafka_broker import Broker
from harness.kafka_jars import Unavailable, find_jars, wanted_version
from harness.redis_server import RedisServer
from harness.world import SHORT_SESSION_TIMEOUT, World


def pytest_configure(config):
    for marker in (
        "every_kafka: run on each Kafka version, not the newest only",
        "soak: takes long; only where ARO_SOAK=1 (make soak)",
        "scram: wants a Kafka and a librdkafka that agree on SCRAM; others run scram_refused",
        "scram_refused: the reverse",
        "owner_dies: the group of the test notices within two seconds",
    ):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items):
    unwanted = {"scram_refused" if scram_works() else "scram"}
    if os.environ.get("ARO_SOAK") != "1":
        unwanted.add("soak")
    items[:] = [item for item in items if not unwanted & {mark.name for mark in item.iter_markers()}]


def scram_works():
    """Kafka 4 refuses what librdkafka before 2.6.1 says in SCRAM: https://github.com/confluentinc/librdkafka/pull/4895"""
    version = subprocess.run(["pkg-config", "--modversion", "rdkafka"], capture_output=True, text=True, check=True)
    is_mended = tuple(map(int, version.stdout.split(".")[:3])) >= (2, 6, 1)
    return is_mended or os.environ.get("KAFKA_VERSION", "").startswith("3.")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """With CI=true a test that skips for want of a neighbour has failed."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped with CI=true. {reason}"


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    try:
        version = wanted_version()
        find_jars(version)
    except Unavailable as reason:
        pytest.skip(f"no Kafka: {reason}")
    broker = Broker(version, tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture
def redis_server(tmp_path):
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server in PATH")
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.close()


@pytest.fixture
def new_world(request, broker, redis_server, tmp_path):
    """Makes a world with its topics; at the end its instances are ended and judged for reports."""
    if not program("appeal-routerd").exists():
        pytest.skip(f"{program('appeal-routerd')} is not built")
    worlds = []
    owner_dies = request.node.get_closest_marker("owner_dies")
    usual = {"session_timeout": SHORT_SESSION_TIMEOUT} if owner_dies else {}

    def make(topics=True, **options):
        world = World(broker, tmp_path / f"world-{len(worlds)}", redis_server, **{**usual, **options})
        worlds.append(world)
        if topics:
            world.create_topics()
        return world

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(new_world):
    return new_world()
