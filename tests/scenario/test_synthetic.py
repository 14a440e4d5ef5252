"""Appeals that the daemon sends to itself: they come back, nobody meets one, and no figure has them."""

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from harness import events
from harness.daemon import patience
from harness.process import wait_until
from harness.world import RULEBOOK, with_synthetic

OFTEN = {"interval": "1s"}
NEVER = {"interval": "0s"}


@pytest.fixture
def world(new_world):
    world = new_world(own=["synthetic"])
    world.write_rulebook(with_synthetic(RULEBOOK, *world.own_topics))
    return world


@pytest.fixture
def watch(world):
    with world.watch() as watch:
        yield watch


def metrics(instance):
    """Every sample by name and labels but the shard's."""
    return {tuple(part for part in key if part != ("shard", "main")): value for key, value in instance.metrics().items()}


def wait_trips(instance, count):
    def has_made_them():
        return metrics(instance).get(("appeal_router_synthetic_round_trip_seconds_count",), 0) >= count

    wait_until(has_made_them, 60 * patience(), f"{count} round trips")


def submitted(name, **members):
    return {"type": "appeal.submitted", "appeal_id": name, "market": "ZZ", "languages": ["en"], "reason": "other",
            **members}  # fmt: skip


def is_synthetic(output):
    return output.key.startswith("synthetic:")


def end_sending(world):
    """What is under way comes to its end, and then nothing comes any more."""
    for instance in world.running():
        instance.settings["synthetic"] = NEVER
        instance.write_settings()
        instance.reload()
        instance.wait_log("[reloaded]")


def wait_all_closed(watch):
    def are_closed():
        made = {one.key for one in watch.find("assignment.created") if is_synthetic(one)}
        return made and made <= {one.key for one in watch.find("appeal.closed")}

    watch.wait_until(are_closed, "every synthetic appeal is closed", 60 * patience())


@pytest.mark.every_kafka
def test_it_comes_back_without_anybody_meeting_it(world, watch):
    owner = world.start(synthetic=OFTEN)
    owner.wait_state("main", "owner")
    world.send("agents", [events.agent("ana", capacity=9, languages=["en"], markets=["*"])])
    world.send("appeals", [submitted("a-1")])
    watch.wait("assignment.created", appeal_id="a-1", agent_id="ana")
    wait_trips(owner, 3)
    end_sending(world)
    wait_all_closed(watch)

    (topic,) = world.own_topics
    for output in filter(is_synthetic, watch.seen):
        if output.type == "assignment.created":
            assert (output.topic, output.body["agent_id"]) == (topic, None)
        else:
            assert (output.type, output.body["outcome"]) == ("appeal.closed", "upheld")
    figures = metrics(owner)
    assigned = {name: value for name, value in figures.items() if name[0] == "appeal_router_assignments_total"}
    assert list(assigned.values()) == [1]
    assert figures["appeal_router_outputs_total", ("type", "assignment.created")] == 1
    assert figures["appeal_router_outputs_total", ("type", "appeal.closed")] == 0
    assert figures["appeal_router_events_total", ("type", "appeal.decided"), ("verdict", "applied")] == 0
    assert figures["appeal_router_event_to_commit_seconds_count",] == 2
    assert figures["appeal_router_queue_assigned", ("queue", "synthetic")] == 0
    assert figures["appeal_router_appeals", ("state", "delivered")] == 0
    world.assert_faultless()


@pytest.mark.owner_dies
def test_what_an_owner_leaves_behind_its_successor_ends(world, watch):
    """The successor sends none itself: deciding what is open is any owner's duty."""
    first = world.start("a", synthetic=OFTEN)
    first.wait_state("main", "owner")
    world.start("b", synthetic=NEVER).wait_state("main", "standby")
    watch.wait_until(lambda: any(map(is_synthetic, watch.find("assignment.created"))), "a first one")
    first.kill()
    world.instances["b"].wait_state("main", "owner")
    wait_all_closed(watch)
    assert not watch.find("event.ignored", reason="unknown")
    world.assert_faultless()


def test_one_whose_decision_got_lost_is_decided_later(world, watch):
    """As after a crash between its delivery and its decision: the appeal lies there, open."""
    limit_reviews(world, 1)
    owner = world.start(synthetic=NEVER)
    owner.wait_state("main", "owner")
    world.send("appeals", [submitted("synthetic:main:1", reason="synthetic", submitted_at="2026-11-22T10:00:00Z")])
    watch.wait("assignment.created", appeal_id="synthetic:main:1")
    owner.wait_log("[synthetic-not-sent]")
    limit_reviews(world, 1_000_000)
    watch.wait("appeal.closed", 60 * patience(), appeal_id="synthetic:main:1", outcome="upheld")
    world.assert_faultless()


def limit_reviews(world, length):
    """Kafka takes no longer record than that on the topic of reviews."""
    resource = ConfigResource(ConfigResource.Type.TOPIC, world.main.reviews, incremental_configs=[
        ConfigEntry("max.message.bytes", str(length), incremental_operation=AlterConfigOpType.SET)])
    world.broker.admin.incremental_alter_configs([resource])[resource].result(timeout=60)


def test_one_that_the_rulebook_would_send_to_people_is_a_dead_letter(world, watch):
    world.start().wait_state("main", "owner")
    world.send("agents", [events.agent("ana", capacity=9, languages=["en"], markets=["*"])])
    world.send("appeals", [submitted("synthetic:main:1")])
    refused = watch.wait_until(lambda: next((one for one in watch.seen if one.type is None), None), "a dead letter")
    assert (refused.key, refused.headers["aro-error-code"]) == ("synthetic:main:1", "field")
    assert "queue 'general'" in refused.headers["aro-error"]
    assert not watch.find("assignment.created")
    world.assert_faultless()
