"""Kafka over TLS, with certificates and with passwords: fails closed, and says what is wrong."""

import contextlib
import time

import pytest
from harness import events
from harness.access import User, rules_of
from harness.certificates import DAY, Authority
from harness.daemon import patience
from harness.process import wait_until
from harness.tls_server import TlsServer
from harness.world import RULEBOOK

AGENTS_OF_MANY_SLICES = 5000  # what a swap makes ready takes many turns of the loop


def tls(authority, certificate=None, **properties):
    """Properties for a client that trusts `authority` and shows `certificate`."""
    if certificate:
        properties |= {
            "ssl.certificate.location": str(certificate.certificate),
            "ssl.key.location": str(certificate.key),
        }
    return {
        "security.protocol": "SSL",
        "ssl.ca.location": str(authority.certificate),
        "broker.address.family": "v4",
        **properties,
    }


def assert_waits_for_kafka(instance, reason):
    """Whoever asks the start why it is not ready is told the same as the log."""
    status, page = instance.page("/readyz")
    assert (status, [one["code"] for one in page["reasons"]]) == (503, ["starting"])
    assert reason in page["reasons"][0]["text"]
    assert reason in instance.ask("status")["result"]["waiting_for_kafka"]


# --- whom the daemon trusts ---


def test_brokers_whose_certificates_are_not_right_are_named_and_told_nothing(new_world, tmp_path):
    authority, another = Authority(tmp_path / "ca"), Authority(tmp_path / "ca", "another")
    bad = [
        (authority.issue("expired", valid=(-2 * DAY, -DAY)), "it has expired"),
        (authority.issue("too-new", valid=(DAY, 2 * DAY)), "it is not valid yet"),
        (authority.issue("elsewhere", hosts=["kafka-1.example"]), "it is for another host"),
        (another.issue("unknown"), "its authority is not in ssl.ca.location"),
    ]
    with contextlib.ExitStack() as servers:
        world = new_world(topics=False, properties=tls(authority))
        told = []
        for number, (certificate, reason) in enumerate(bad):
            server = servers.enter_context(TlsServer(certificate))
            kafka = {**world.kafka_settings, "bootstrap_servers": server.address}
            told.append((server, world.start(f"a{number}", kafka=kafka), reason))
        for server, instance, reason in told:
            instance.wait_log(f"{server.address} is refused, and nothing is sent to it: {reason}")
            assert_waits_for_kafka(instance, f"{server.address} is refused, and nothing is sent to it: {reason}")
            instance.kill()
        assert [server.received for server, _instance, _reason in told] == [b""] * len(bad)


def test_a_broker_whose_certificate_is_right_is_spoken_to(new_world, tmp_path):
    """So that the test above can fail."""
    authority = Authority(tmp_path / "ca")
    with TlsServer(authority.issue("good")) as server:
        world = new_world(topics=False, bootstrap_servers=server.address, properties=tls(authority))
        instance = world.start()
        wait_until(lambda: server.received, 60, "the daemon speaks")
        instance.kill()


# --- who trusts the daemon ---



def test_a_certificate_that_kafka_does_not_take_is_told_of(new_world, broker, tmp_path):
    another = Authority(tmp_path / "ca", "another")
    world = new_world(topics=False, bootstrap_servers=broker.mutual_address)
    bad = {
        "none": None,
        "late": broker.authority.issue("late", valid=(-2 * DAY, -DAY)),
        "stranger": another.issue("stranger"),
    }
    for name, certificate in bad.items():
        world.start(name, kafka={**world.settings(name)["kafka"], "properties": tls(broker.authority, certificate)})
    for name in bad:
        world.instances[name].wait_log(f"{broker.mutual_address}/bootstrap does not take our certificate")
        assert_waits_for_kafka(world.instances[name], f"{broker.mutual_address}/bootstrap does not take our certificate")


# --- users and passwords ---


@pytest.fixture
def world_of_user(new_world, broker):
    """One whose instances are a user with a password, which lies in the file `password`."""
    world = new_world(
        bootstrap_servers=broker.scram_address,
        password_file="password",
        properties=tls(broker.authority) | {"security.protocol": "SASL_SSL", "sasl.mechanisms": "SCRAM-SHA-512"},
    )
    world.user = User(broker, f"{world.name}.user")
    world.user.grant(*rules_of(world))
    world.kafka_settings["properties"]["sasl.username"] = world.user.name
    return world


@pytest.mark.scram
@pytest.mark.every_kafka
def test_a_password_that_is_mended_or_changed_is_taken_by_a_reload(world_of_user):
    world = world_of_user
    world.user.set_password("first")
    world.write_secret("password", "mistyped")
    instance = world.start()
    instance.wait_log("Authentication failed")
    assert_waits_for_kafka(instance, "Authentication failed")
    world.write_secret("password", "first")
    instance.reload()
    instance.wait_state("main", "owner")
    assert "waiting_for_kafka" not in instance.ask("status")["result"]
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=1000)])
        world.route_one(watch, 0)
        world.user.set_password("second")
        world.write_secret("password", "second")
        assert instance.ask("reload")["ok"]
        # Kafka ends each connection after two seconds: all of them have been made anew by then.
        until, number = time.monotonic() + 5, 1
        while time.monotonic() < until:
            world.route_one(watch, number)
            number += 1
    world.assert_faultless()


@pytest.mark.scram_refused
def test_a_password_that_kafka_cannot_take_is_told_of_with_the_remedy(world_of_user):
    world = world_of_user
    world.user.set_password("first")
    world.write_secret("password", "first")
    instance = world.start()
    instance.wait_log("Authentication failed")
    assert "take 2.6.1 or later, or a certificate in place of the password" in instance.log()
    assert_waits_for_kafka(instance, "Authentication failed")


# --- certificates that are renewed ---


def agents_of(instance):
    [shard] = instance.status()["shards"]
    return shard["agents"]


def copy_certificate(certificate, world):
    """To where the settings name it."""
    (world.folder / "client.pem").write_bytes(certificate.certificate.read_bytes())
    world.write_secret("client.key", certificate.key.read_text().strip())


@pytest.fixture
def world_of_certificate(new_world, broker):
    world = new_world(bootstrap_servers=broker.mutual_address)
    world.kafka_settings["properties"] = tls(broker.authority) | {
        "ssl.certificate.location": "client.pem",
        "ssl.key.location": "client.key",
    }
    return world


# A static member has its shards back without a word to the group; of two others one may be the owner
# while the other is away.
@pytest.mark.parametrize("membership, names", [("dynamic", "ab"), ("static", "a")])
def test_a_renewed_certificate_is_taken_by_a_reload(world_of_certificate, broker, membership, names):
    world = world_of_certificate
    world.kafka_settings["membership"] = membership
    users = [User(broker, f"{world.name}.user-{number}") for number in range(2)]
    for user in users:
        user.grant(*rules_of(world))
    copy_certificate(broker.authority.issue(users[0].name, valid=(-2 * DAY, -DAY)), world)
    instances = [world.start(name) for name in names]
    for instance in instances:
        instance.wait_log("does not take our certificate")
    copy_certificate(broker.authority.issue(users[0].name), world)
    for instance in instances:
        instance.reload()
    world.owner()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
        for instance in instances:
            instance.wait_state("main", "owner", "standby")
        copy_certificate(broker.authority.issue(users[1].name), world)
        for instance in instances:
            assert instance.ask("reload")["ok"]
            world.route_one(watch, 1 + instances.index(instance))
        for instance in instances:
            instance.wait_log("[clients-renewed]")
        users[0].withdraw(*rules_of(world))
        world.owner()
        world.route_one(watch, 8)
    world.assert_faultless()


def test_a_reload_whose_certificate_has_the_shard_handed_over_before_its_swap_is_answered_as_done(
    world_of_certificate, broker
):
    world = world_of_certificate
    user = User(broker, f"{world.name}.user")
    user.grant(*rules_of(world))
    copy_certificate(broker.authority.issue(user.name), world)
    instance = world.start()
    world.owner()
    with world.watch() as watch:
        world.send("agents", events.agents(AGENTS_OF_MANY_SLICES))
        wait_until(lambda: agents_of(instance) == AGENTS_OF_MANY_SLICES, 60 * patience(), "all agents are there")
        world.route_one(watch, 0)
        copy_certificate(broker.authority.issue(user.name), world)
        queues = {name: {"choose": ["fewest_open"]} for name in RULEBOOK["queues"]}
        world.write_rulebook({**RULEBOOK, "rulebook": "scenario.2", "queues": queues})
        assert instance.ask("reload")["ok"]
        instance.wait_log("[clients-renewed]")
        world.owner()
        world.route_one(watch, 1)
    world.assert_faultless()


def test_a_certificate_that_is_damaged_refuses_the_reload_and_the_old_one_goes_on(world_of_certificate, broker):
    world = world_of_certificate
    user = User(broker, f"{world.name}.user")
    user.grant(*rules_of(world))
    copy_certificate(broker.authority.issue(user.name), world)
    instance = world.start()
    instance.wait_state("main", "owner")
    (world.folder / "client.pem").write_text("nonsense")
    answer = instance.ask("reload")
    assert answer["error"]["code"] == "configuration"
    assert "kafka.properties: ssl.certificate.location" in answer["error"]["message"]
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
