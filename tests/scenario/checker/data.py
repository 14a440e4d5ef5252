"""What the checker judges: records as they lie in Kafka, the board as it lies in Redis."""

import dataclasses
import functools
import json
import re
from typing import NamedTuple

RECORD_SOURCE = re.compile(r"(?P<topic>[^/]+)/(?P<partition>\d+)/(?P<offset>\d+)")

NEVER_READ = "never read"


class Violation(NamedTuple):
    invariant: str  # "I1"; "form" for what the envelope of an output promises
    subject: str  # an appeal, an agent, a record's place
    message: str

    @property
    def may_pass(self):
        """Whether a shard that is still at work mends it by itself."""
        return self.invariant == "I13" or self.message == NEVER_READ

    def __str__(self):
        return f"{self.invariant} {self.subject}: {self.message}"


@dataclasses.dataclass
class Record:
    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def place(self):
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def source(self):
        return self.headers.get("aro-source")

    @property
    def type(self):
        return self.headers.get("ce_type")

    @functools.cached_property
    def body(self):
        """The value as JSON, or None where it is none."""
        try:
            return json.loads(self.value) if self.value is not None else None
        except ValueError:
            return None


@functools.cache
def source_place(source):
    """(topic, partition, offset) of an aro-source that names a record; None for timer, control."""
    match = RECORD_SOURCE.fullmatch(source or "")
    return (match["topic"], int(match["partition"]), int(match["offset"])) if match else None


@dataclasses.dataclass
class Partition:
    start: int  # the first offset that may still be there
    end: int  # behind the last committed record
    records: list[Record]  # by offset


@dataclasses.dataclass
class Shard:
    """The topics of one shard, as its settings and rulebook name them."""

    name: str
    appeals: list[str]
    agents: list[str]
    reviews: list[str]
    assignments: list[str]  # the shard's own first, then those of queues
    outcomes: str
    dead_letters: str
    ledger: str
    ledger_partition: int
    queues: list[str] = dataclasses.field(default_factory=list)  # of the rulebook in force

    @property
    def inputs(self):
        return self.appeals + self.agents + self.reviews

    @property
    def outputs(self):
        return self.assignments + [self.outcomes, self.dead_letters]


@dataclasses.dataclass
class Board:
    """The live epoch of a shard's board; all values text, as Redis gives them."""

    meta: dict[str, str]
    agents: dict[str, dict[str, str]]
    queues: dict[str, dict[str, str]]
    free: dict[str, dict[str, float]]


@dataclasses.dataclass
class DataSet:
    shard: Shard
    partitions: dict[tuple[str, int], Partition]
    board: Board | None = None
    board_is_expected: bool = False

    def records(self, topics):
        for (topic, _), partition in sorted(self.partitions.items()):
            if topic in topics:
                yield from partition.records

    def partition_count(self, topic):
        return sum(1 for name, _ in self.partitions if name == topic)

    @property
    def ledger(self):
        return self.partitions[(self.shard.ledger, self.shard.ledger_partition)].records
