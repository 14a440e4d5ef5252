"""The board in Redis: whatever happens to Redis, routing goes on and the board is right again."""

import pytest
from harness import events
from harness.crowd import Crowd

pytestmark = pytest.mark.timeout(600)


def test_redis_killed_flushed_and_restarted_empty_under_load(world):
    world.start()
    redis = world.redis
    with Crowd(world) as crowd:
        crowd.wait_share(0.1)
        redis.kill()
        crowd.wait_share(0.3)  # routing goes on without
        redis.start()
        crowd.wait_share(0.5)
        redis.flush()
        crowd.wait_share(0.7)
        redis.kill()
        redis.start()
        crowd.wait_share(0.8)
        redis.client.script_flush()
        crowd.finish()


def test_redis_absent_at_the_start_is_filled_when_it_comes(world):
    world.redis.kill()
    world.start().wait_state("main", "owner")
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=5)])
        world.send("appeals", events.appeals(3))
        watch.wait_count("assignment.created", 3)
    world.redis.start()
    world.assert_faultless()


def test_a_frozen_redis_holds_nothing_up(world):
    world.start()
    with world.watch() as watch:
        world.send("agents", [events.agent("ana", capacity=500)])
        world.send("appeals", events.appeals(1))
        watch.wait_count("assignment.created", 1)
        world.redis.process.freeze()
        world.send("appeals", events.appeals(200, first=1))
        watch.wait_count("assignment.created", 201)
        world.redis.process.thaw()
    world.assert_faultless()


def test_a_row_that_somebody_deletes_comes_back_with_the_next_epoch(world):
    world.start()
    world.send("agents", [events.agent("ana")])
    world.assert_faultless()
    meta = f"{world.name}:{{main}}:meta"
    before = world.redis.client.hget(meta, "epoch")
    world.redis.client.delete(meta)
    world.assert_faultless()
    assert world.redis.client.hget(meta, "epoch") != before


@pytest.mark.owner_dies
def test_a_take_over_begins_a_board_of_its_own(world):
    world.start("a")
    world.send("agents", [events.agent("ana")])
    world.assert_faultless()
    meta = f"{world.name}:{{main}}:meta"
    claim = int(world.redis.client.hget(meta, "claim"))
    world.start("b").wait_state("main", "standby")
    world.instances["a"].kill()
    world.instances["b"].wait_state("main", "owner")
    world.assert_faultless()
    assert world.redis.client.hget(meta, "owner") == "b"
    assert int(world.redis.client.hget(meta, "claim")) > claim
