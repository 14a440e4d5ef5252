"""Twenty thousand appeals, two hundred people, and owners that die: nothing twice, nothing lost."""

import re
import time

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from harness import events
from harness.crowd import Crowd
from harness.daemon import SANITIZERS, build_folder, patience
from harness.process import wait_until

pytestmark = pytest.mark.timeout(600)
STOOD_BY = re.compile(r"standby, was (owner|resolving)")  # as the log has it


def test_capacity_binds_and_every_appeal_is_decided_once(world):
    world.start()
    with Crowd(world) as crowd:
        crowd.finish()
        assert len(crowd.people.waiting) > crowd.count / 2, "capacity did not bind"


@pytest.mark.every_kafka
@pytest.mark.owner_dies
def test_nothing_is_repeated_or_lost_when_the_owner_is_killed_ten_times(world):
    world.start("a")
    world.start("b")
    with Crowd(world) as crowd:
        for kill in range(10):
            crowd.wait_share(0.09 * kill + 0.02)
            owner = world.owner()
            owner.kill()
            owner.start()
        crowd.wait_share(0.94)
        world.owner()
        crowd.finish()


@pytest.mark.every_kafka
@pytest.mark.owner_dies
def test_an_owner_frozen_beyond_its_session_wakes_up_as_a_standby(world):
    world.start("a")
    world.start("b")
    with Crowd(world) as crowd:
        crowd.wait_share(0.2)
        frozen = world.owner()
        other = world.instances["b" if frozen.name == "a" else "a"]
        frozen.freeze()
        other.wait_state("main", "owner", seconds=60)
        crowd.wait_more()
        frozen.thaw()
        # It learns from the group, or from its own commit, that it owns nothing. Being the older one it
        # may own it again.
        wait_until(lambda: STOOD_BY.search(frozen.log()), 60 * patience(), "it stands by")
        crowd.finish()
        assert frozen.is_running() and other.is_running()


@pytest.mark.every_kafka
def test_a_clean_stop_hands_over_at_once(new_world):
    """The session is long here: only a clean leave can make the other one the owner in time. (Ten seconds
    are promised for it, which the daemon itself sees to: Daemon.stop() tells when it had to.)"""
    world = new_world(session_timeout=300)
    world.start("a").wait_state("main", "owner")
    world.start("b").wait_state("main", "standby")
    with Crowd(world, 3000) as crowd:
        crowd.wait_share(0.3)
        leaving, staying = world.instances["a"], world.instances["b"]
        assert leaving.stop() == 0
        staying.wait_state("main", "owner")
        crowd.finish()


def test_a_younger_instance_does_not_take_the_shard_from_an_older_one(world):
    world.start("b").wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=500)])
        for round_number in range(3):
            younger = world.start("a")
            wait_given(younger, 0, round_number + 1)
            world.send("appeals", events.appeals(20, first=20 * round_number))
            assert younger.stop() == 0
        watch.wait_count("assignment.created", 60)
    assert given(younger, 1) == 0
    world.assert_faultless()


def test_an_owner_whose_wall_clock_is_put_back_keeps_its_shard(world):
    """librdkafka sleeps by the wall clock: its heartbeats would end for as long as that is put back."""
    put_back = world.folder / "put-back"
    asan = f"{SANITIZERS['ASAN_OPTIONS']}:verify_asan_link_order=0"  # what is preloaded comes before its runtime
    owner = world.instance("a").start(
        ["env", f"ASAN_OPTIONS={asan}", f"LD_PRELOAD={build_folder() / 'tests' / 'libput_back.so'}",
         f"PUT_BACK_FILE={put_back}"])  # fmt: skip
    owner.wait_state("main", "owner")
    put_back.touch()
    # The group lets the other one in when its members have answered, or have been given up.
    other = world.start("b")
    wait_until(lambda: given(other, 0) or given(other, 1), 180 * patience(), "the group has let the other in")
    assert given(other, 1) == 0
    owner.wait_state("main", "owner")


def given(instance, shards):
    """How often the group has given it so many: from then on it is in the group."""
    return instance.log().count(f"the group gives this instance {shards} of its shards")


def wait_given(instance, shards, times):
    wait_until(lambda: given(instance, shards) >= times, 60 * patience(), f"{instance.name} is given {shards} shards")


@pytest.mark.parametrize("harm", ["deleted", "reset"])
def test_the_groups_offsets_do_not_matter(world, harm):
    """Positions come from the ledger: what an admin does to the group's commits repeats nothing."""
    instance = world.start()
    with Crowd(world, 2000) as crowd:
        crowd.wait_share(0.5)
        assert instance.stop() == 0
        harm_offsets(world, harm)
        instance.start()
        crowd.finish()


def harm_offsets(world, harm):
    admin = world.broker.admin
    if harm == "deleted":
        admin.delete_consumer_groups([world.group])[world.group].result(timeout=60)
        return
    asked = [ConsumerGroupTopicPartitions(world.group)]
    committed = admin.list_consumer_group_offsets(asked)[world.group].result(timeout=60)
    beginning = [TopicPartition(one.topic, one.partition, 0) for one in committed.topic_partitions]
    assert beginning, "the group has committed nothing: there is nothing to harm"
    reset = [ConsumerGroupTopicPartitions(world.group, beginning)]
    admin.alter_consumer_group_offsets(reset)[world.group].result(timeout=60)


def test_a_restart_goes_on_where_the_last_one_stopped(world):
    instance = world.start()
    with Crowd(world, 2000) as crowd:
        for _ in range(3):
            crowd.wait_more(200)
            assert instance.stop() == 0
            instance.start()
        crowd.finish()


def test_an_idle_owner_commits_nothing(world):
    """Group commit has no timer: without input the ledger stands still."""
    world.start().wait_state("main", "owner")
    world.send("agents", [events.agent("ana")])
    world.assert_faultless()
    before = len(world.read().ledger)
    ends = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > ends, 5, "two seconds of nothing")
    assert len(world.read().ledger) == before
