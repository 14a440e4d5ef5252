"""A market paused and resumed, and waiting appeals sent elsewhere: answered once it is in the ledger,
and gone on with by whoever owns the shard next."""

import threading

import pytest
from harness import events
from harness.process import wait_until

MANY = 900  # several slices of work; one agent can hold them all
ONE_QUEUE = {
    "rulebook": "steer.1",
    "queues": {"general": {}},
    "rules": [{"name": "rest", "route": {"queue": "general"}}],
}
TWO_QUEUES = {
    "rulebook": "steer.2",
    "queues": {"general": {}, "fraud": {}},
    "rules": [
        {"name": "fraud", "when": {"reason": "fraud"}, "route": {"queue": "fraud"}},
        {"name": "rest", "route": {"queue": "general"}},
    ],
}


def appeals(count, first=0, **members):
    """Of one market, in English, which nobody speaks until a test says so."""
    usual = {"market": "BR", "languages": ["en"], "effort": 1, **members}
    return [{**one, **usual} for one in events.appeals(count, first=first)]


@pytest.fixture
def waiting(world):
    """A world whose owner has `MANY` waiting appeals, and a watch."""
    world.write_rulebook(ONE_QUEUE)
    world.start().wait_state("main", "owner")
    with world.watch() as watch:
        world.send("appeals", appeals(MANY))
        watch.wait_count("appeal.waiting", MANY)
        yield world, watch


def ledger_value(world, key):
    """The committed value of `key` now."""
    entries = [entry for entry in world.read().ledger if entry.key == key]
    return entries[-1].body if entries else None


def test_a_pause_is_in_the_ledger_when_it_is_answered(waiting):
    world, _ = waiting
    answer = world.owner().ask("pause", market="BR", seconds=60)
    assert answer["ok"] and answer["result"]["paused"] and answer["result"]["changed"]
    assert ledger_value(world, "market:BR")["paused"] is True


@pytest.mark.owner_dies
def test_a_pause_outlives_the_owner_that_began_it(waiting):
    world, watch = waiting
    world.ask_owner("pause", market="BR")
    world.owner().kill()
    heir = world.start("b")
    heir.wait_state("main", "owner")
    held = watch.wait_count("appeal.held", MANY, reason="market_paused")
    assert len({one.key for one in held}) == MANY
    world.send("agents", [events.agent("ana", capacity=MANY + 1)])
    world.send("appeals", appeals(1, first=MANY))
    watch.wait("appeal.held", appeal_id=f"a-{MANY}")
    assert not watch.find("assignment.created")

    assert world.ask_owner("resume", market="BR")["paused"] is False
    heir.kill()
    world.start("c").wait_state("main", "owner")
    watch.wait_count("assignment.created", MANY + 1)
    watch.wait_count("appeal.resumed", MANY + 1, reason="market_paused")
    wait_until(lambda: ledger_value(world, "market:BR") is None, 60, "nothing to say of the market")
    world.assert_faultless()


def test_a_market_that_a_reload_pauses_is_held_and_another_reload_resumes_it(waiting):
    world, watch = waiting
    paused = {"markets": {"BR": {"launch": {"state": "paused"}}}}
    world.write_rulebook({**ONE_QUEUE, "rulebook": "steer.paused", **paused})
    assert world.owner().ask("reload", seconds=60)["ok"]
    watch.wait_count("appeal.held", MANY, reason="market_paused")
    world.send("agents", [events.agent("ana", capacity=MANY)])
    world.write_rulebook(TWO_QUEUES)
    assert world.owner().ask("reload", seconds=60)["ok"]
    created = watch.wait_count("assignment.created", MANY)
    assert {one.body["queue"] for one in created} == {"general"}
    world.assert_faultless()


def test_a_reroute_moves_what_it_said_it_would_and_is_answered_when_that_is_committed(waiting):
    world, watch = waiting
    owner = world.owner()
    fraud = sum(one["reason"] == "fraud" for one in appeals(MANY))
    world.write_rulebook(TWO_QUEUES)
    assert owner.ask("reload", seconds=60)["ok"]
    move = {"shard": "main", "from": "general", "to": "fraud", "appeals": fraud}
    dry = owner.ask("reroute", seconds=60)["result"]
    assert (dry["applied"], dry["moves"], dry["stay"]) == (False, [move], MANY - fraud)
    assert ledger_value(world, "market:*") is None

    done = owner.ask("reroute", apply=True, seconds=60)["result"]
    assert (done["applied"], done["moves"]) == (True, [move])
    outcomes = world.read().records([world.main.outcomes])
    moved = [one for one in outcomes if one.type == "appeal.rerouted"]
    assert len(moved) == fraud and {one.body["reason"] for one in moved} == {"control"}
    world.send("agents", [events.agent("ana", capacity=MANY)])
    created = watch.wait_count("assignment.created", MANY)
    assert sum(one.body["queue"] == "fraud" for one in created) == fraud
    world.assert_faultless()


@pytest.mark.owner_dies
def test_a_reroute_whose_owner_dies_goes_on_with_the_next(waiting):
    world, watch = waiting
    fraud = {one["appeal_id"] for one in appeals(MANY) if one["reason"] == "fraud"}
    world.write_rulebook(TWO_QUEUES)
    world.ask_owner("reload")
    owner = world.owner()

    def ask_in_vain():
        try:
            owner.ask("reroute", apply=True, seconds=60)
        except (OSError, ValueError):
            pass  # it was killed before it could answer

    asking = threading.Thread(target=ask_in_vain)
    asking.start()
    watch.wait("appeal.rerouted")
    owner.kill()
    asking.join()
    world.start("b").wait_state("main", "owner")
    moved = watch.wait_count("appeal.rerouted", len(fraud), reason="control")
    assert {one.key for one in moved} == fraud
    world.assert_faultless()


def test_a_standby_says_who_can_pause(world):
    world.start("a").wait_state("main", "owner")
    other = world.start("b")
    other.wait_state("main", "standby")
    for command, arguments in [("pause", {"market": "BR"}), ("resume", {"market": "BR"}), ("reroute", {})]:
        error = other.ask(command, **arguments)["error"]
        assert (error["code"], error["owner"]) == ("not_owner", "a")
