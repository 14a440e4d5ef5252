"""Figures that only a real broker can tell."""

import json

from confluent_kafka import Producer
from harness import events
from harness.daemon import patience
from harness.process import wait_until


def largest(instance, metric):
    """Over all of its labels."""
    return max(value for key, value in instance.metrics().items() if key[0] == f"appeal_router_{metric}")


def test_a_sender_s_open_transaction_shows_until_it_ends(world):
    owner = world.start()
    owner.wait_state("main", "owner")
    world.send("agents", [events.agent("ana")])
    sender = Producer({"bootstrap.servers": world.broker.address, "transactional.id": f"{world.name}.sender",
                       "transaction.timeout.ms": 600_000})  # the broker must not end it before we do
    sender.init_transactions(60)
    sender.begin_transaction()
    for appeal in events.appeals(3):
        sender.produce(world.main.appeals, json.dumps(appeal), appeal["appeal_id"])
    assert sender.flush(60) == 0
    wait_until(lambda: largest(owner, "source_last_stable_age_seconds") > 0, 60 * patience(), "it shows")
    assert largest(owner, "source_lag_records") > 0
    sender.commit_transaction(60)
    wait_until(lambda: largest(owner, "source_last_stable_age_seconds") == 0, 60 * patience(), "it has ended")
    wait_until(lambda: largest(owner, "source_lag_records") == 0, 60 * patience(), "all is read")
    assert largest(owner, "source_lag_seconds") == 0
    world.assert_faultless()
