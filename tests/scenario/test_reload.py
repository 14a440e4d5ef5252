"""A new rulebook: taken whole or not at all, and each assignment names the one that made it."""

import pytest
from harness import events, topics
from harness.crowd import Crowd
from harness.process import wait_until
from harness.world import RULEBOOK

NEW = {**RULEBOOK, "rulebook": "scenario.2"}


@pytest.fixture
def watch(world):
    with world.watch() as watch:
        yield watch


def test_appeals_after_a_reload_are_assigned_by_the_new_rulebook(world, watch):
    instance = world.start()
    world.send("agents", [events.agent("ana", capacity=9)])
    world.send("appeals", events.appeals(1))
    assert watch.wait("assignment.created", appeal_id="a-0").body["rulebook"] == "scenario.1"
    world.write_rulebook(NEW)
    answer = instance.ask("reload", seconds=60)
    assert answer["ok"], answer
    world.send("appeals", events.appeals(1, first=1))
    assert watch.wait("assignment.created", appeal_id="a-1").body["rulebook"] == "scenario.2"
    world.assert_faultless()


def test_waiting_appeals_of_a_queue_that_is_gone_are_rerouted(world, watch):
    instance = world.start()
    world.send("appeals", events.appeals(20))
    watch.wait_count("appeal.waiting", 20)
    gone = {one.key for one in watch.find("appeal.waiting", queue="iberia")}
    assert gone, "no appeal waits in the queue that goes"
    rulebook = {
        **NEW,
        "queues": {name: terms for name, terms in RULEBOOK["queues"].items() if name != "iberia"},
        "rules": [rule for rule in RULEBOOK["rules"] if rule["name"] != "iberia"],
    }
    world.write_rulebook(rulebook)
    assert instance.ask("reload", seconds=60)["ok"]
    moved = watch.wait_count("appeal.rerouted", len(gone), reason="queue_gone")
    assert {one.key for one in moved} == gone
    world.send("agents", [events.agent("ana", capacity=99)])
    watch.wait_count("assignment.created", 20)
    world.assert_faultless()


@pytest.mark.parametrize("flaw", ["no rule for the rest", "the same name with other content"])
def test_a_rulebook_that_is_refused_changes_nothing(world, watch, flaw):
    instance = world.start()
    instance.wait_state("main", "owner")
    if flaw == "no rule for the rest":
        world.write_rulebook({**NEW, "rules": RULEBOOK["rules"][:-1]})
    else:
        world.write_rulebook({**RULEBOOK, "seed": 8})
    answer = instance.ask("reload", seconds=60)
    assert not answer["ok"] and answer["error"]["code"] == "configuration"
    assert "rulebook.yaml" in answer["error"]["message"]
    world.send("agents", [events.agent("ana")])
    world.send("appeals", events.appeals(1))
    assert watch.wait("assignment.created", appeal_id="a-0").body["rulebook"] == "scenario.1"


def test_a_queue_whose_topic_is_not_there_is_refused_and_taken_once_it_is(new_world):
    """The first assignment to it would stop the shard."""
    world = new_world(own=["later"])
    (topic,) = world.own_topics
    topics.delete(world.broker.admin, [topic])
    instance = world.start()
    instance.wait_state("main", "owner")
    world.write_rulebook({**NEW, "queues": {**RULEBOOK["queues"], "general": {"topic": topic}}})
    answer = instance.ask("reload", seconds=60)
    assert not answer["ok"] and topic in answer["error"]["message"]
    assert rulebook_of(instance) == "scenario.1"
    topics.create(world.broker.admin, [topics.NewTopic(topic, 2, replication_factor=1)])
    assert instance.ask("reload", seconds=60)["ok"]
    assert rulebook_of(instance) == "scenario.2"


def rulebook_of(instance):
    return instance.shard("main")["rulebook"]


def test_reloads_under_load_disturb_nothing(world):
    instance = world.start()
    with Crowd(world, 3000) as crowd:
        for number in range(2, 8):
            crowd.wait_more(300)
            world.write_rulebook({**RULEBOOK, "rulebook": f"scenario.{number}"})
            instance.reload()
        wait_until(lambda: rulebook_of(instance) == "scenario.7", 60, "the last is in force")
        crowd.send_more(100)  # the others may all have been given out meanwhile
        crowd.finish()
    rulebooks = {one.body["rulebook"] for one in world.read().records([world.main.assignments])}
    assert "scenario.7" in rulebooks and len(rulebooks) > 3


def test_a_take_over_with_another_rulebook_is_a_reload(world, watch):
    world.start("a")
    world.send("agents", [events.agent("ana", capacity=9)])
    world.send("appeals", events.appeals(1))
    watch.wait("assignment.created", appeal_id="a-0")
    world.write_rulebook(NEW)
    other = world.start("b")
    other.wait_state("main", "standby")
    assert world.instances["a"].stop() == 0
    other.wait_state("main", "owner")
    other.wait_log("'scenario.1'")
    world.send("appeals", events.appeals(1, first=1))
    assert watch.wait("assignment.created", appeal_id="a-1").body["rulebook"] == "scenario.2"
    world.assert_faultless()
