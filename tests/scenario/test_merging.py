"""Appeals of one subject: one review for all of them, by nobody who has judged it before."""

import pytest
from harness import events


pytestmark = pytest.mark.owner_dies


@pytest.fixture
def watch(world):
    with world.watch() as watch:
        yield watch


def submitted(name, **members):
    subject = {"type": "listing", "id": "l-1"}
    return {
        "type": "appeal.submitted",
        "appeal_id": name,
        "market": "GB",
        "languages": ["en-GB"],
        "reason": "listing",
        "subject": subject,
        **members,
    }


def decided(name, agent, epoch):
    return {
        "type": "appeal.decided",
        "appeal_id": name,
        "agent_id": agent,
        "epoch": epoch,
        "outcome": "upheld",
    }


def test_appellants_merged_before_the_owner_was_killed_are_told_of_the_decision_after(world, watch):
    owner = world.start("a")
    world.send("agents", [events.agent("ana")])
    world.send("appeals", [submitted("a-1")])
    assert watch.wait("assignment.created", appeal_id="a-1").body["agent_id"] == "ana"
    world.send("appeals", [submitted("a-2"), submitted("a-3")])
    for name in ("a-2", "a-3"):
        assert watch.wait("appeal.merged", appeal_id=name).body["lead"] == "a-1"
    owner.kill()
    world.start("b")
    world.send("appeals", [{"type": "appeal.withdrawn", "appeal_id": "a-1"}])
    watch.wait("appeal.closed", appeal_id="a-1", reason="withdrawn")
    world.send("reviews", [decided("a-1", "ana", 1)])
    for name in ("a-2", "a-3"):
        closed = watch.wait("appeal.closed", appeal_id=name, reason="decided")
        assert (closed.body["lead"], closed.body["agent_id"]) == ("a-1", "ana")
    world.assert_faultless()


def test_who_decided_before_the_owner_was_killed_does_not_judge_the_next_tier(world, watch):
    owner = world.start("a")
    world.send("agents", [events.agent("ana")])
    world.send("appeals", [submitted("a-1")])
    watch.wait("assignment.created", appeal_id="a-1")
    world.send("reviews", [decided("a-1", "ana", 1)])
    watch.wait("appeal.closed", appeal_id="a-1")
    owner.kill()
    world.start("b")
    world.send("appeals", [submitted("a-2", tier=2)])
    waiting = watch.wait("appeal.waiting", appeal_id="a-2")
    assert waiting.body["why"]["by_filter"] == {"independence": 1}
    world.send("agents", [events.agent("bea")])
    assert watch.wait("assignment.created", appeal_id="a-2").body["agent_id"] == "bea"
    world.assert_faultless()
