"""The topics of a world of shards: names that no other test uses, set as the daemon needs them."""

import dataclasses

from confluent_kafka import KafkaException
from confluent_kafka.admin import NewTopic

from .process import wait_until

PARTITIONS = {"appeals": 4, "agents": 2, "reviews": 4, "assignments": 4, "outcomes": 4,
              "dead_letters": 2}  # fmt: skip


@dataclasses.dataclass
class ShardTopics:
    name: str
    partition: int  # of the ledger
    appeals: str
    agents: str
    reviews: str
    assignments: str
    outcomes: str
    dead_letters: str

    @classmethod
    def named(cls, world, name, partition):
        topics = {kind: f"{world}.{name}.{kind.replace('_', '-')}" for kind in PARTITIONS}
        return cls(name, partition, **topics)

    def settings(self):
        """Its entry under `shards` in the daemon's settings."""
        fields = dataclasses.asdict(self)
        return {**fields, **{kind: [fields[kind]] for kind in ("appeals", "agents", "reviews")}}

    def new_topics(self):
        return [
            NewTopic(getattr(self, kind), count, replication_factor=1)
            for kind, count in PARTITIONS.items()
        ]


def new_ledger(name, partitions):
    return NewTopic(name, partitions, replication_factor=1, config={"cleanup.policy": "compact"})


def create(admin, new_topics):
    """Creates them and waits until the broker tells of them: its controller answers before that."""
    for name, done in admin.create_topics(new_topics).items():
        try:
            done.result(timeout=60)
        except KafkaException as error:
            raise AssertionError(f"creating topic {name}: {error}") from error
    names = {topic.topic for topic in new_topics}
    wait_until(
        lambda: names <= admin.list_topics(timeout=60).topics.keys(), 60, "topics are known"
    )


def delete(admin, names):
    """Deletes those that are there, and waits until they are gone."""
    present = set(names) & admin.list_topics(timeout=60).topics.keys()
    if not present:
        return
    for done in admin.delete_topics(list(present)).values():
        done.result(timeout=60)
    wait_until(
        lambda: not present & admin.list_topics(timeout=60).topics.keys(), 60, "topics are gone"
    )
