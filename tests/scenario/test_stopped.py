"""A shard that must not go on stops, says why, and goes on when it is told to."""

import time

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


def reason_of(instance):
    return instance.shard("main")["reason"]


def test_a_ledger_that_was_lost_stops_the_shard(world):
    """An empty ledger would assign everything anew; the group's commits tell that it was not."""
    instance = world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
        assert instance.stop() == 0
        topics.delete(world.broker.admin, [world.ledger])
        topics.create(world.broker.admin, [topics.new_ledger(world.ledger, 1)])
        instance.start().wait_state("main", "stopped")
        assert "ledger" in reason_of(instance)
        world.send("appeals", events.appeals(1, first=1))
        instance.ask("start-shard", shard="main")
        instance.wait_state("main", "stopped")
        assert len(watch.find("assignment.created")) == 1
        assert instance.ask("start-shard", shard="main", new_ledger=True)["ok"]
        instance.wait_state("main", "owner")


def test_a_ledger_that_is_made_anew_under_its_owner_stops_the_shard(world):
    """What the owner wrote to it would be all that whoever comes next knows. To go on without what
    is lost it takes no restart."""
    instance = world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
        topics.delete(world.broker.admin, [world.ledger])
        topics.create(world.broker.admin, [topics.new_ledger(world.ledger, 1)])
        world.send("appeals", events.appeals(1, first=1))
        instance.wait_state("main", "stopped")
        assert "ledger" in reason_of(instance)
        assert len(watch.find("assignment.created")) == 1
        assert instance.ask("start-shard", shard="main", new_ledger=True)["ok"]
        # Where the group has noticed, it gives the shard to nobody for a while.
        instance.wait_state("main", "owner", "standby")


def test_partitions_added_later_stop_the_shard_until_they_are_accepted(world):
    """What lies in a partition that nobody reads would wait for ever, without a word."""
    instance = world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=99)])
        world.route_one(watch, 0)
        assert instance.stop() == 0
        grown = NewPartitions(world.main.appeals, topics.PARTITIONS["appeals"] + 2)
        world.broker.admin.create_partitions([grown])[world.main.appeals].result(timeout=60)
        instance.start().wait_state("main", "stopped")
        assert world.main.appeals in reason_of(instance)
        answer = instance.ask("accept-partitions", shard="main")
        assert answer["ok"], answer
        instance.wait_state("main", "owner")
        for number in range(1, 13):  # some of them lie in the new partitions
            world.route_one(watch, number)
    world.assert_faultless()


def test_another_group_on_the_same_ledger_is_refused(world):
    world.start("a")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
        kafka = {**world.settings("b")["kafka"], "group": f"{world.name}.other"}
        intruder = world.start("b", kafka=kafka)
        intruder.wait_state("main", "stopped")
        assert world.group in reason_of(intruder)
        world.instances["a"].wait_state("main", "owner")
        world.route_one(watch, 1)
    world.assert_faultless()


def test_a_stopped_shard_leaves_the_others_at_work(new_world):
    world = new_world(shard_names=("main", "two"))
    instance = world.start()
    for shard in world.shards:
        instance.wait_state(shard, "owner")
        wait_until(lambda shard=shard: world.read(shard).ledger, 60, f"{shard} records its topics")
    assert instance.stop() == 0
    grown = NewPartitions(world.main.reviews, topics.PARTITIONS["reviews"] + 1)
    world.broker.admin.create_partitions([grown])[world.main.reviews].result(timeout=60)
    instance.start().wait_state("main", "stopped")
    instance.wait_state("two", "owner")
    with world.watch("two") as watch:
        world.send("agents", [events.agent("ana")], "two")
        world.send("appeals", events.appeals(1), "two")
        watch.wait_count("assignment.created", 1)


def test_a_standby_says_who_owns_the_shard(world):
    world.start("a").wait_state("main", "owner")
    standby = world.start("b")
    standby.wait_state("main", "standby")
    wait_until(lambda: standby.ask("queues")["error"].get("owner") == "a", 60, "b names a")
    answer = standby.ask("queues")
    assert (answer["ok"], answer["error"]["code"]) == (False, "not_owner")


def test_records_that_kafka_deleted_unread_are_not_skipped_in_silence(world):
    instance = world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=99)])
        world.route_one(watch, 0)
        assert instance.stop() == 0
        world.send("appeals", events.appeals(40, first=1))
        gone = [TopicPartition(world.main.appeals, number, -1) for number in range(4)]
        for done in world.broker.admin.delete_records(gone).values():
            done.result(timeout=60)
        instance.start().wait_state("main", "stopped")
        assert world.main.appeals in reason_of(instance)


def set_largest_record(world, topic, size):
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    for done in world.broker.admin.incremental_alter_configs([resource]).values():
        done.result(timeout=60)


def test_a_record_that_is_too_large_for_its_topic_stops_the_shard_by_name(world):
    instance = world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=99)])
        world.route_one(watch, 0)
        set_largest_record(world, world.main.assignments, "200")
        world.send("appeals", events.appeals(10, first=1))
        instance.wait_state("main", "stopped")
        assert world.main.assignments in reason_of(instance)
        set_largest_record(world, world.main.assignments, "1048588")
        assert instance.ask("start-shard", shard="main")["ok"]
        watch.wait_count("assignment.created", 11)
    world.assert_faultless()


def take_overs(instance):
    """How many, and how long they took together."""
    figures = instance.metrics()
    return [figures[f"appeal_router_take_over_duration_seconds_{part}", ("shard", "main")] for part in ("count", "sum")]


def test_the_time_that_a_shard_was_stopped_is_no_part_of_its_next_take_over(world):
    instance = world.start()
    instance.wait_state("main", "owner")
    set_largest_record(world, world.main.assignments, "200")
    world.send("agents", [events.agent("ana")])
    world.send("appeals", events.appeals(1))
    instance.wait_state("main", "stopped")
    first, seconds = take_overs(instance)
    assert first == 1
    set_largest_record(world, world.main.assignments, "1048588")
    told_at = time.monotonic()
    assert instance.ask("start-shard", shard="main")["ok"]
    instance.wait_state("main", "owner")
    second, both_seconds = take_overs(instance)
    assert second == 2
    assert both_seconds - seconds <= time.monotonic() - told_at


@pytest.mark.soak
def test_a_working_owner_notices_partitions_that_are_added(world):
    """It looks every half a minute."""
    instance = world.start()
    instance.wait_state("main", "owner")
    grown = NewPartitions(world.main.reviews, topics.PARTITIONS["reviews"] + 1)
    world.broker.admin.create_partitions([grown])[world.main.reviews].result(timeout=60)
    instance.wait_state("main", "stopped", seconds=60)
    assert world.main.reviews in reason_of(instance)
