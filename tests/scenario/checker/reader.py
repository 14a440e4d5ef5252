"""Reads a data set from a Kafka and a Redis: everything committed, from the first offset on."""

import pathlib
import time

import confluent_kafka
import redis
import yaml
from confluent_kafka import Consumer, TopicPartition

from .data import Board, DataSet, Partition, Record, Shard

PATIENCE_S = 60
NOT_LEADER = confluent_kafka.KafkaError.NOT_LEADER_FOR_PARTITION
DEFAULT_TOPICS = {
    "appeals": ["appeals"],
    "agents": ["agents"],
    "reviews": ["reviews"],
    "assignments": "assignments",
    "outcomes": "outcomes",
    "dead_letters": "appeals.dead-letter",
}


def read_shard(settings_path, name):
    """The shard `name` as a daemon's settings file and its rulebook describe it."""
    settings_path = pathlib.Path(settings_path)
    settings = yaml.safe_load(settings_path.read_text())
    shards = settings.get("shards") or [{"name": "main"}]
    shard = {**DEFAULT_TOPICS, **next(one for one in shards if one["name"] == name)}
    rulebook = yaml.safe_load((settings_path.parent / settings["rulebook"]).read_text())
    queues = rulebook.get("queues") or {}
    own = [queue["topic"] for queue in queues.values() if (queue or {}).get("topic")]
    return Shard(
        name=name,
        appeals=shard["appeals"],
        agents=shard["agents"],
        reviews=shard["reviews"],
        assignments=list(dict.fromkeys([shard["assignments"], *own])),
        outcomes=shard["outcomes"],
        dead_letters=shard["dead_letters"],
        ledger=(settings.get("ledger") or {}).get("topic", "appeal-router.ledger"),
        ledger_partition=shard.get("partition", 0),
        queues=list(queues),
    )


def read_data(bootstrap, shard, redis_url=None, prefix="aro"):
    wanted = {shard.ledger: {shard.ledger_partition}}
    wanted |= {topic: None for topic in shard.inputs + shard.outputs}
    partitions = read_partitions(bootstrap, wanted)
    board = read_board(redis_url, shard.name, prefix) if redis_url else None
    return DataSet(shard, partitions, board, board_is_expected=redis_url is not None)


def read_partitions(bootstrap, wanted):
    """`wanted`: topic -> its partitions, None for all. Gives (topic, partition) -> Partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "checker",  # never joined: partitions are assigned by hand
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        known = consumer.list_topics(timeout=60).topics
        partitions = {}
        for topic, numbers in wanted.items():
            for number in numbers or known[topic].partitions:
                place = TopicPartition(topic, number)
                partitions[(topic, number)] = Partition(*find_ends(consumer, place), [])
        read_to_end(consumer, partitions)
        return partitions
    finally:
        consumer.close()


def find_ends(consumer, place):
    """First and next offset; a partition that was made a moment ago may have no leader yet."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return consumer.get_watermark_offsets(place, timeout=60)
        except confluent_kafka.KafkaException as error:
            if error.args[0].code() != NOT_LEADER or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def read_to_end(consumer, partitions):
    unread = {place for place, partition in partitions.items() if partition.end > partition.start}
    consumer.assign([TopicPartition(*place, partitions[place].start) for place in unread])
    deadline = time.monotonic() + PATIENCE_S
    while unread:
        messages = consumer.consume(5_000, timeout=0.05)
        if messages:
            deadline = time.monotonic() + PATIENCE_S
        elif time.monotonic() > deadline:
            raise TimeoutError(f"no record and no end of {sorted(unread)} within {PATIENCE_S} s")
        for message in messages:
            place = (message.topic(), message.partition())
            if message.error() is None:
                partitions[place].records.append(read_record(message))
            elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                unread.discard(place)
            else:
                raise confluent_kafka.KafkaException(message.error())


def read_record(message):
    key = message.key()
    headers = {
        name: (value or b"").decode(errors="replace") for name, value in message.headers() or []
    }
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        None if key is None else key.decode(errors="surrogateescape"),
        message.value(),
        headers,
    )


def read_board(url, shard_name, prefix="aro"):
    """The board's live epoch; None where there is no board."""
    client = redis.Redis.from_url(url, decode_responses=True)
    base = f"{prefix}:{{{shard_name}}}"
    meta = client.hgetall(f"{base}:meta")
    if not meta:
        return None
    board = Board(meta, {}, {}, {})
    live = f"{base}:{meta['epoch']}:"
    for key in client.scan_iter(match=f"{live}*", count=1000):
        kind, _, name = key[len(live) :].partition(":")
        if kind == "agent":
            board.agents[name] = client.hgetall(key)
        elif kind == "queue":
            board.queues[name] = client.hgetall(key)
        elif kind == "free":
            board.free[name] = dict(client.zrange(key, 0, -1, withscores=True))
    return board
