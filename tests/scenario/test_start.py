"""What the daemon says when it cannot start, and what it makes by itself when it may."""

import signal

import pytest
from harness import events, topics
from harness.process import wait_until


def test_missing_topics_are_named_with_the_command_that_creates_them(new_world):
    world = new_world(topics=False)
    topics.create(world.broker.admin, world.main.new_topics()[:3])
    instance = world.start()
    wait_until(lambda: not instance.is_running(), 60, "the daemon gives up")
    log = instance.log()
    for name in (
        world.ledger,
        world.main.assignments,
        world.main.outcomes,
        world.main.dead_letters,
    ):
        assert f"'{name}'" in log
        assert f"--create --topic {name}" in log
    assert f"'{world.main.appeals}'" not in log
    assert "--config cleanup.policy=compact" in log
    assert instance.process.child.returncode == 78


def test_topics_are_created_where_the_settings_say_so(new_world):
    world = new_world(topics=False, create_topics=True)
    world.start().wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana")])
        world.send("appeals", events.appeals(1))
        watch.wait_count("assignment.created", 1)
    world.assert_faultless()


def test_a_ledger_that_kafka_would_delete_from_is_refused(new_world):
    world = new_world(topics=False)
    ledger = topics.NewTopic(world.ledger, 1, 1, config={"cleanup.policy": "compact,delete"})
    topics.create(world.broker.admin, [ledger, *world.main.new_topics()])
    instance = world.start()
    wait_until(lambda: not instance.is_running(), 60, "the daemon gives up")
    assert "cleanup.policy" in instance.log()
    assert instance.process.child.returncode == 78


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_an_idle_daemon_with_status_0(world, number):
    instance = world.start()
    instance.wait_state("main", "owner")
    assert instance.stop(signal.Signals[number]) == 0
