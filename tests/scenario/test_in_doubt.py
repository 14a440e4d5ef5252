"""Requests of a transaction that are lost, answered to nobody, or arrive when nobody expects them; and wires that are cut."""

import json

import pytest
from harness import events, fault_proxy
from harness.daemon import patience
from harness.fault_proxy import FaultProxy
from harness.process import wait_until

pytestmark = pytest.mark.timeout(180)

REQUESTS = {
    "produce": fault_proxy.PRODUCE,
    "add-partitions": fault_proxy.ADD_PARTITIONS,
    "add-offsets": fault_proxy.ADD_OFFSETS,
    "commit-offsets": fault_proxy.TXN_OFFSET_COMMIT,
    "end": fault_proxy.END_TXN,
}


@pytest.fixture
def proxy(broker):
    proxy = FaultProxy(broker.proxy_port, broker.behind_proxy_port)
    yield proxy
    proxy.stop()


@pytest.fixture
def proxied_world(new_world, broker, proxy):
    world = new_world(bootstrap_servers=broker.proxied_address)
    world.start().wait_state("main", "owner")
    world.send("agents", events.agents(20))
    return world


def route_through(world, fault):
    """Appeals go on being routed until the fault has been met, and then some."""
    sent = 0
    with world.watch() as watch:

        def are_answered():
            given = {one.key for one in watch.seen if one.topic == world.main.assignments}
            return len(given | {one.key for one in watch.find("appeal.waiting")}) == sent

        while fault.met < fault.count or sent % 40:
            world.send("appeals", events.appeals(20, first=sent))
            sent += 20
            watch.wait_until(are_answered, f"{sent} appeals answered", 60)
    world.owner(seconds=60)
    world.assert_faultless(seconds=60)


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("kind", ["cut", "swallow"])
def test_a_lost_request_or_answer_repeats_nothing(proxied_world, proxy, request_name, kind):
    fault = proxy.add(kind, REQUESTS[request_name], count=3)
    route_through(proxied_world, fault)


def test_a_transaction_that_the_broker_times_out_is_written_again(proxied_world, proxy):
    fault = proxy.add("hold", fault_proxy.END_TXN, seconds=25)
    route_through(proxied_world, fault)


def test_a_commit_that_arrives_late_ends_no_other_transaction(proxied_world, proxy):
    fault = proxy.add("hold", fault_proxy.END_TXN, count=2, seconds=6)
    route_through(proxied_world, fault)


def test_a_connection_whose_wire_is_cut_is_made_anew(new_world, broker, proxy):
    """librdkafka waits for the answer, here for longer than this test does."""
    world = new_world(bootstrap_servers=broker.proxied_address, properties={"socket.timeout.ms": 300_000})
    world.start().wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=9)])
        world.route_one(watch, 0)
        assert proxy.cut_wires(fault_proxy.FETCH) > 0
        world.route_one(watch, 1)
    world.assert_faultless()


@pytest.mark.owner_dies
def test_an_instance_that_is_cut_off_is_not_ready_until_the_group_has_it_again(new_world, broker, proxy):
    world = new_world(bootstrap_servers=broker.proxied_address)
    instance = world.start()

    def codes():
        page = instance.page("/readyz")[1]
        return page and [reason["code"] for reason in page["reasons"]]

    instance.wait_state("main", "owner")
    proxy.leave()
    wait_until(lambda: codes() == ["outside"], 60 * patience(), "it is outside")
    proxy.come_back()
    wait_until(lambda: codes() == [], 60 * patience(), "it is ready again")
    instance.wait_state("main", "owner")


def test_a_claim_that_another_has_overtaken_before_it_is_settled_is_made_again(new_world, broker, proxy):
    """As by an owner that slept right after its claim, while the group let another in and out again: it
    finds that one's claim behind its own. Nobody would work if it stopped for that."""
    world = new_world(bootstrap_servers=broker.proxied_address)
    fault = proxy.add("withhold", fault_proxy.END_TXN)
    instance = world.start()

    def claims():
        return [entry.body for entry in world.read().ledger if entry.key == "owner"]

    claim, *_ = wait_until(claims, 60, "a claim")
    others = {**claim, "instance": "b", "claim": f"{claim['claim']}-of-b"}
    world.sender.send_raw(world.ledger, "owner", json.dumps(others).encode())
    world.sender.flush()
    wait_until(lambda: instance.shard("main")["owner"] == "b", 60 * patience(), "it has read that")
    fault.answer()
    instance.wait_log("instance 'b' has claimed this shard after us; standing by")
    instance.wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana")])
        world.route_one(watch, 0)
    world.assert_faultless()
