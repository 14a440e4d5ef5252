"""A rulebook of tens of thousands of rules is exchanged while appeals stream in, and while owners die:
between two events, and each assignment tells the truth about which version made it."""

import itertools

import pytest
from harness import events
from harness.crowd import Crowd
from harness.daemon import patience
from harness.process import wait_until

RULES = 20000  # beside those that appeals meet
# By version, so that an assignment's own reasons show which one chose.
CHOICES = {1: "longest_idle", 2: "fewest_open", 3: "lowest_load"}
ORDERS = {1: "arrival", 2: "deadline", 3: "priority"}
MANY = 900  # several slices of work; one agent can hold them all


def write_rulebook(world, version, rules=RULES, queues=("fraud", "general")):
    """Other rules for each version, and what else is asked for; in YAML as people write it."""
    lines = [f"rulebook: large.{version}", f"seed: {version}", "queues:"]
    lines += [f"  {name}: {{ choose: [{CHOICES[version]}], order: {ORDERS[version]} }}" for name in queues]
    lines += ["rules:"]
    lines += [f"  - {{ name: seller-{number}, when: {{ reason: fraud, attributes.seller: s-{version}-{number} }}, "
              f"route: {{ queue: {queues[0]} }} }}" for number in range(rules)]  # fmt: skip
    lines += [f"  - {{ name: fraud, when: {{ reason: [fraud, fake] }}, route: {{ queue: {queues[0]} }} }}",
              "  - { name: rest, route: { queue: general } }"]  # fmt: skip
    (world.folder / "rulebook.yaml").write_text("\n".join(lines) + "\n")


def version_of(record):
    return int(record.body["rulebook"].removeprefix("large."))


def rulebook_of(instance):
    return instance.shard("main")["rulebook"]


def assert_versions_never_go_back(data):
    for (topic, partition), found in data.partitions.items():
        if topic not in data.shard.assignments:
            continue
        versions = [version_of(one) for one in found.records]
        back = [pair for pair in itertools.pairwise(versions) if pair[0] > pair[1]]
        assert not back, f"{topic}/{partition}: {back}"


def test_each_version_of_a_large_rulebook_decides_from_its_swap_on(world):
    write_rulebook(world, 1)
    instance = world.start()
    with Crowd(world, 500) as crowd:
        for version in (2, 3):
            crowd.wait_more(50)
            write_rulebook(world, version)
            instance.reload()

            def is_in_force(wanted=f"large.{version}"):
                crowd.send_more(2)
                return rulebook_of(instance) == wanted

            wait_until(is_in_force, 60 * patience(), "it is in force", pause=0.05)
        crowd.send_more(20)  # the others may all have been given out meanwhile
        write_rulebook(world, 3, rules=0)  # all that the checker wants of it are the queues
        crowd.finish()
    data = world.read()
    assert_versions_never_go_back(data)
    created = list(data.records([world.main.assignments]))
    assert {version_of(one) for one in created} >= {1, 3}
    by_choice = [one for one in created if one.body["why"].get("criterion") in CHOICES.values()]
    assert by_choice, "no assignment was a choice between two people"
    wrong = [one.key for one in by_choice if one.body["why"]["criterion"] != CHOICES[version_of(one)]]
    assert not wrong, f"chosen by another version than they name: {wrong[:5]}"


@pytest.mark.owner_dies
def test_a_swap_whose_owner_is_killed_in_the_middle_is_finished_by_the_standby(world):
    queues = ("old", "general")
    write_rulebook(world, 1, queues=queues)
    owner = world.start("a")
    owner.wait_state("main", "owner")
    heir = world.start("b")
    heir.wait_state("main", "standby")
    appeals = [{**one, "reason": "fraud", "languages": ["en"], "effort": 1} for one in events.appeals(MANY)]
    with world.watch() as watch:
        world.send("appeals", appeals)
        watch.wait_count("appeal.waiting", MANY, queue="old")
        write_rulebook(world, 2, queues=("new", "general"))
        assert heir.ask("reload", seconds=60)["ok"]
        owner.reload()
        watch.wait("appeal.rerouted", reason="queue_gone")
        owner.kill()
        heir.wait_state("main", "owner")
        moved = watch.wait_count("appeal.rerouted", MANY, reason="queue_gone")
        assert {one.key for one in moved} == {one["appeal_id"] for one in appeals}
        world.send("agents", [events.agent("ana", capacity=MANY, languages=["en"])])
        created = watch.wait_count("assignment.created", MANY, rulebook="large.2", queue="new")
        assert len({one.key for one in created}) == MANY
    wait_until(lambda: rulebook_of(heir) == "large.2", 60 * patience(), "the new one is in force")
    write_rulebook(world, 2, rules=0, queues=("new", "general"))
    world.assert_faultless()
    data = world.read()
    assert_versions_never_go_back(data)
    ends = [one.body for one in data.records([world.ledger]) if one.key == "rulebook"]
    assert any("stage" in one for one in ends) and "stage" not in ends[-1], "the swap is not at its end"
