"""The checker's reader gives back what lies in Kafka and Redis: all that is committed, in order."""

import json
import uuid

from checker import check
from checker.reader import read_data
from confluent_kafka import Producer
from good_data import COUNTS, good_shard
from harness import topics


def write(bootstrap, data, commit=True):
    """Every record of a data set, in one transaction."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": str(uuid.uuid4())})
    producer.init_transactions(20)
    producer.begin_transaction()
    for (topic, number), partition in data.partitions.items():
        for record in partition.records:
            producer.produce(
                topic,
                partition=number,
                key=record.key,
                value=record.value,
                headers=[(name, text.encode()) for name, text in record.headers.items()],
            )
    producer.flush()
    producer.commit_transaction(20) if commit else producer.abort_transaction(20)


def put_on_board(client, prefix, board):
    base = f"{prefix}:{{main}}"
    client.hset(f"{base}:meta", mapping={**board.meta, "epoch": "live"})
    for name, row in board.agents.items():
        client.hset(f"{base}:live:agent:{name}", mapping=row)
        client.hset(f"{base}:older:agent:{name}", mapping={"used": 99})
    for name, row in board.queues.items():
        client.hset(f"{base}:live:queue:{name}", mapping=row)
    for name, agents in board.free.items():
        if agents:
            client.zadd(f"{base}:live:free:{name}", agents)


def test_what_a_good_shard_wrote_is_read_back_as_good(broker, redis_server):
    prefix = f"c-{uuid.uuid4().hex[:8]}."
    good = good_shard(prefix).data()
    topics.create(
        broker.admin, [topics.NewTopic(prefix + name, count, 1) for name, count in COUNTS.items()]
    )
    write(broker.address, good)
    write(broker.address, good, commit=False)  # nobody may ever see these
    put_on_board(redis_server.client, "test", good.board)

    found = read_data(broker.address, good.shard, redis_server.url, "test")
    assert check(found) == []
    for place, partition in good.partitions.items():
        contents = [(one.key, one.value, one.headers) for one in partition.records]
        assert [
            (one.key, one.value, one.headers) for one in found.partitions[place].records
        ] == contents
    assert json.loads(found.ledger[0].value)["claim"] == "a-1"
    assert found.board.agents == good.board.agents
