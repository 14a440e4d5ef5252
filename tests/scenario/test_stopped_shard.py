"""What would lose or repeat appeals stops the shard, says why, and an operator's word starts it again."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)
from harness import events, topics
from harness.process import wait_until

pytestmark = pytest.mark.timeout(180)


def route(world, watch, count, first=0):
    """Sends so many appeals and waits until they are assigned."""
    before = len(watch.find("assignment.created"))
    world.send("appeals", events.appeals(count, first=first))
    watch.wait_count("assignment.created", before + count, 30)


def reason(instance, seconds=40):
    instance.wait_state("main", "stopped", seconds=seconds)
    return instance.status()["shards"][0]["reason"]


def grow(world, topic, count):
    world.broker.admin.create_partitions([NewPartitions(topic, count)])[topic].result(timeout=20)
    # Every later look at the topic must see them.
    wait_until(
        lambda: (
            len(world.broker.admin.list_topics(topic, timeout=5).topics[topic].partitions) == count
        ),
        20,
        "the new partitions are known",
    )


@pytest.fixture
def roomy(world):
    """An owner with people who have room for everything, and a first few appeals with them."""
    world.start().wait_state("main", "owner")
    world.send("agents", [events.agent("ana", capacity=1000), events.agent("rui", capacity=1000)])
    return world


def test_partitions_that_come_later_stop_the_shard_until_they_are_accepted(roomy):
    with roomy.watch() as watch:
        route(roomy, watch, 20)
        instance = roomy.instance()
        assert instance.stop() == 0
        grow(roomy, roomy.main.appeals, 6)
        instance.start()
        assert "had 4" in reason(instance) and "accept-partitions" in reason(instance)
        assert instance.ask("accept-partitions", shard="main")["ok"]
        instance.wait_state("main", "owner")
        route(roomy, watch, 60, first=20)
    roomy.assert_faultless()


def test_a_lost_ledger_stops_the_shard(roomy):
    with roomy.watch() as watch:
        route(roomy, watch, 20)
    instance = roomy.instance()
    assert instance.stop() == 0
    topics.delete(roomy.broker.admin, [roomy.ledger])
    wait_until(
        lambda: roomy.ledger not in roomy.broker.admin.list_topics(timeout=5).topics,
        20,
        "it is gone",
    )
    topics.create(roomy.broker.admin, [topics.new_ledger(roomy.ledger, 1)])
    instance.start()
    assert "the ledger is lost" in reason(instance)
    assert not instance.ask("start-shard", shard="other")["ok"]
    assert instance.ask("start-shard", shard="main")["ok"]
    assert "the ledger is lost" in reason(instance)
    assert instance.ask("start-shard", shard="main", new_ledger=True)["ok"]
    instance.wait_state("main", "owner")


def test_a_group_keeps_its_hands_off_the_ledger_of_another(roomy):
    with roomy.watch() as watch:
        route(roomy, watch, 20)
        stranger = roomy.instance(
            "stranger", kafka={**roomy.settings("x")["kafka"], "group": "strangers"}
        )
        stranger.start()
        assert f"belongs to group '{roomy.group}'" in reason(stranger)
        route(roomy, watch, 20, first=20)
        assert roomy.instance("a").shard_state("main") == "owner"
    roomy.assert_faultless()


def test_records_that_kafka_deleted_unread_are_not_skipped_in_silence(roomy):
    with roomy.watch() as watch:
        route(roomy, watch, 20)
    instance = roomy.instance()
    assert instance.stop() == 0
    roomy.send("appeals", events.appeals(40, first=20))
    gone = [TopicPartition(roomy.main.appeals, number, -1) for number in range(4)]
    for done in roomy.broker.admin.delete_records(gone).values():
        done.result(timeout=20)
    instance.start()
    assert roomy.main.appeals in reason(instance)


def test_a_record_that_is_too_large_for_its_topic_stops_the_shard_by_name(roomy):
    def set_limit(value):
        entry = ConfigEntry("max.message.bytes", value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(
            ResourceType.TOPIC, roomy.main.assignments, incremental_configs=[entry]
        )
        for done in roomy.broker.admin.incremental_alter_configs([resource]).values():
            done.result(timeout=20)

    with roomy.watch() as watch:
        route(roomy, watch, 20)
        instance = roomy.instance()
        set_limit("200")
        roomy.send("appeals", events.appeals(10, first=20))
        assert roomy.main.assignments in reason(instance)
        set_limit("1048588")
        assert instance.ask("start-shard", shard="main")["ok"]
        watch.wait_count("assignment.created", 30, 30)
    roomy.assert_faultless()


@pytest.mark.soak
def test_a_working_owner_notices_partitions_that_are_added(roomy):
    """It looks every half a minute: what lies in a new partition would wait unread."""
    with roomy.watch() as watch:
        route(roomy, watch, 20)
        grow(roomy, roomy.main.reviews, 6)
        assert "had 4" in reason(roomy.instance())
