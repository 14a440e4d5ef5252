"""Everything at once, for as long as one likes: ARO_SOAK_SECONDS (600), ARO_SOAK_SEED (random)."""

import os
import random
import time

import pytest
from harness import events
from harness.agent_queue import AgentQueue
from harness.world import SHORT_SESSION_TIMEOUT

SECONDS = int(os.environ.get("ARO_SOAK_SECONDS", "600"))
pytestmark = [pytest.mark.soak, pytest.mark.owner_dies, pytest.mark.timeout(SECONDS + 600)]
APPEALS_EACH = 2000  # between two faults


def kill_owner(world, _chance):
    owner = world.owner(seconds=60)
    owner.kill()
    owner.start()


def kill_standby(world, _chance):
    owner = world.owner(seconds=60)
    for instance in world.running():
        if instance is not owner:
            instance.kill()
            instance.start()


def stop_owner(world, _chance):
    owner = world.owner(seconds=60)
    assert owner.stop() == 0
    owner.start()


def freeze_owner(world, chance):
    owner = world.owner(seconds=60)
    owner.freeze()
    time.sleep(
        chance.uniform(0.1, 3 * SHORT_SESSION_TIMEOUT)
    )  # the fault itself: so long it stands still
    owner.thaw()


def kill_redis(world, _chance):
    world.redis.kill()
    world.redis.start()


def flush_redis(world, _chance):
    world.redis.flush()


def stop_all_and_forget_the_group(world, _chance):
    for instance in world.running():
        assert instance.stop() == 0
    world.broker.admin.delete_consumer_groups([world.group])[world.group].result(timeout=60)
    for instance in world.instances.values():
        instance.start()


FAULTS = [kill_owner, kill_owner, kill_standby, stop_owner, freeze_owner, kill_redis, flush_redis,
          stop_all_and_forget_the_group]  # fmt: skip


def test_any_faults_in_any_order_repeat_and_lose_nothing(world):
    seed = int(os.environ.get("ARO_SOAK_SEED", random.randrange(2**32)))
    print(f"ARO_SOAK_SEED={seed}")
    chance = random.Random(seed)
    for name in ("a", "b", "c"):
        world.start(name)
    world.send("agents", events.agents(200))
    sent, ends = 0, time.monotonic() + SECONDS
    with AgentQueue(world.broker.address, world.main) as people:
        while time.monotonic() < ends:
            world.send("appeals", events.appeals(APPEALS_EACH, first=sent))
            sent += APPEALS_EACH
            fault = chance.choice(FAULTS)
            print(f"{sent} sent, {len(people.closed)} closed, {fault.__name__}", flush=True)
            fault(world, chance)
            people.wait_closed(sent - APPEALS_EACH, 120)
        people.wait_closed(sent, 120)
        assert len(people.closed) == sent and max(people.closed.values()) == 1
    world.assert_faultless(seconds=60)
