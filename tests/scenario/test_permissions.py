"""A Kafka that lets nobody do anything: the rules that docs/security.md lists are enough, and each is needed."""

import pytest
from harness import events
from harness.access import User, rules_of
from harness.daemon import patience
from harness.process import wait_until
from harness.world import RULEBOOK, with_synthetic

# What the daemon does without, and warns of.
WISHED = "DescribeConfigs"
NONSENSE = {"type": "nonsense", "appeal_id": "unknown"}  # a dead letter


@pytest.fixture
def world(new_world, broker):
    return world_of_user(new_world(), broker)


def world_of_user(world, broker):
    """Its instances come to Kafka over TLS, with a certificate that says who they are."""
    certificate = broker.authority.issue(f"{world.name}.user")
    world.kafka_settings = {
        "bootstrap_servers": broker.mutual_address,
        "properties": {
            "security.protocol": "SSL",
            "ssl.ca.location": str(broker.authority.certificate),
            "ssl.certificate.location": str(certificate.certificate),
            "ssl.key.location": str(certificate.key),
            "broker.address.family": "v4",
        },
    }
    world.user = User(broker, certificate.name)
    return world


@pytest.mark.every_kafka
@pytest.mark.owner_dies
def test_the_documented_rules_are_enough_to_route_and_to_take_over(world):
    world.user.grant(*rules_of(world))
    first = world.start("a")
    first.wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.send("reviews", [NONSENSE])
        world.route_one(watch, 0)
        second = world.start("b")
        second.wait_state("main", "standby")
        first.kill()
        second.wait_state("main", "owner")
        world.route_one(watch, 1)
    world.assert_faultless()
    for instance in (first, second):
        assert "[topic-settings-unknown]" not in instance.log()


def give_it_everything_to_do(world, number):
    """Reads every source, and writes to every output."""
    world.send("agents", [events.agent(f"agent-{number}", capacity=9)])
    world.send("appeals", [*events.appeals(1, first=number), NONSENSE])
    world.send("reviews", [{"type": "appeal.decided", "appeal_id": "unknown", "outcome": "upheld"}])


def let_go_on(instance):
    """A shard that has stopped is told to start again. The log names a missing right before the shard stops for
    it, so that it may still do so when the right is back."""
    state = instance.shard_state("main")
    if state == "stopped":
        instance.ask("start-shard", shard="main")
    return state


def wait_named(instance, rule):
    # Of an id that begins like this; of the others the whole name.
    text = f"its user needs {rule}".removesuffix("'" if rule.is_prefix else "")

    def is_named():
        let_go_on(instance)
        return text in instance.log()

    wait_until(is_named, 60, f"'{text}' in the log")


def test_each_rule_that_is_withdrawn_stops_the_work_and_is_named(world):
    rules = rules_of(world)
    world.user.grant(*rules)
    instance = world.start()
    instance.wait_state("main", "owner")
    needed = [rule for rule in rules if rule.operation != WISHED]
    assert len(needed) == 10
    for number, rule in enumerate(needed):
        world.user.withdraw(rule)
        give_it_everything_to_do(world, number)
        wait_named(instance, rule)
        world.user.grant(rule)
        wait_until(lambda: let_go_on(instance) == "owner", 60, "it works again")
    with world.watch() as watch:
        watch.wait_count("assignment.created", len(needed))
    world.assert_faultless()


def test_a_start_names_every_topic_that_is_kept_from_it(world):
    rules = rules_of(world)
    hidden = [rule for rule in rules if rule.resource == "topic" and rule.operation != WISHED]
    world.user.grant(*(rule for rule in rules if rule not in hidden and rule.operation != WISHED))
    instance = world.start()
    wait_until(lambda: not instance.is_running(), 60, "the daemon gives up")
    assert instance.process.child.returncode == 78
    for rule in hidden:
        both = rule.name == world.ledger
        operation = "Read and Write" if both else rule.operation
        assert f"its user needs {operation} on topic '{rule.name}'" in instance.log()
    assert "kafka-topics.sh" not in instance.log()


def test_a_start_outside_the_group_says_so_and_goes_on_once_it_is_let_in(world):
    rules = rules_of(world)
    withheld = [rule for rule in rules if rule.resource == "group" or rule.operation == WISHED]
    world.user.grant(*(rule for rule in rules if rule not in withheld))
    instance = world.start()
    (group,) = [rule for rule in withheld if rule.resource == "group"]
    instance.wait_log(f"its user needs {group}")
    status, page = instance.page("/readyz")
    (reason,) = [reason for reason in page["reasons"] if reason["code"] == "forbidden"]
    assert status == 503
    assert f"its user needs {group}" in reason["text"]
    for rule in withheld:
        assert f"its user needs {rule}" in instance.log()
    world.user.grant(group)
    instance.wait_state("main", "owner")
    wait_until(lambda: instance.page("/readyz")[0] == 200, 60, "it is ready")


@pytest.fixture
def synthetic_world(new_world, broker):
    world = world_of_user(new_world(own=["synthetic"]), broker)
    world.write_rulebook(with_synthetic(RULEBOOK, *world.own_topics))
    return world


def wait_trip(instance, count):
    """One more round trip than `count`; gives how many there are."""
    def trips():
        let_go_on(instance)
        return instance.metrics().get(("appeal_router_synthetic_round_trip_seconds_count", ("shard", "main")), 0)

    wait_until(lambda: trips() > count, 60 * patience(), f"more round trips than {count}")
    return trips()


def test_synthetic_appeals_need_the_documented_rules_and_each_that_is_withdrawn_is_named(synthetic_world):
    world = synthetic_world
    (topic,) = world.own_topics
    usual, rules = rules_of(world), rules_of(world, topic)
    world.user.grant(*rules)
    instance = world.start(synthetic={"interval": "1s"})
    count = wait_trip(instance, 0)
    decide, deliver, submit = (
        next(rule for rule in rules if rule not in usual and (rule.name, rule.operation) == (name, "Write"))
        for name in (world.main.reviews, topic, world.main.appeals))
    for rule in (decide, deliver):
        world.user.withdraw(rule)
        wait_named(instance, rule)
        world.user.grant(rule)
        count = wait_trip(instance, count)
    # The last: one that could not be sent is waited for, for a minute.
    world.user.withdraw(submit)
    wait_named(instance, submit)
    instance.wait_state("main", "owner")
