"""What an agent-queue system does: takes committed assignments, and sends back what people did."""

import collections
import json
import random
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from .events import Sender
from .process import wait_until


def read_committed_consumer(bootstrap, topics, **settings):
    """Reads `topics` from their beginning, without a group."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
            "socket.nagle.disable": True,
            **settings,
        }
    )
    known = consumer.list_topics(timeout=60).topics
    consumer.assign(
        [TopicPartition(topic, number, 0) for topic in topics for number in known[topic].partitions]
    )
    return consumer


def take_batch(consumer, seconds=0.05, count=1000):
    """What has come, waiting for the first only: consume() would wait for all `count`."""
    first = consumer.poll(seconds)
    return [] if first is None else [first, *consumer.consume(count, timeout=0)]


class AgentQueue:
    """A thread that decides every assignment it gets; some are returned, some reports repeated.

    It also reads outcomes, so that a test can wait for appeals to be closed. What it sends depends
    on the assignment alone, so a run can be repeated.
    """

    def __init__(self, bootstrap, shard, topics=None, returns=0.05, repeats=0.03):
        self.assigned = {}  # appeal -> the epoch last given out
        self.closed = collections.Counter()  # appeal -> times closed
        self.waiting = set()
        self.ignored = collections.Counter()  # reason -> times
        self.failure = None
        self._returns, self._repeats = returns, repeats
        self._reviews = shard.reviews
        self._sender = Sender(bootstrap)
        topics = [shard.assignments, *(topics or []), shard.outcomes]
        self._consumer = read_committed_consumer(bootstrap, topics)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join(timeout=60)
        self._consumer.close()
        if self.failure:
            raise self.failure

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.stop()

    def wait_closed(self, count, seconds):
        """Until `count` appeals are closed. `seconds` bound how long nothing may move: how long it all
        takes depends on the machine."""

        def has_moved():
            assert self.failure is None, self.failure
            return len(self.closed) >= count or len(self.closed) > before

        while (before := len(self.closed)) < count:
            wait_until(has_moved, seconds, f"{count} appeals closed, {before} are")

    def _run(self):
        try:
            while not self._stopping.is_set():
                for message in take_batch(self._consumer):
                    if message.error() is None:
                        self._take(message)
                    elif message.error().code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(message.error())
                self._sender.poll()
            self._sender.flush()
        except BaseException as error:  # handed to whoever waits
            self.failure = error

    def _take(self, message):
        kind = dict(message.headers() or []).get("ce_type", b"").decode()
        body = json.loads(message.value())
        if kind == "assignment.created":
            self._handle(body)
        elif kind == "appeal.closed":
            self.closed[body["appeal_id"]] += 1
        elif kind == "appeal.waiting":
            self.waiting.add(body["appeal_id"])
        elif kind == "event.ignored":
            self.ignored[body["reason"]] += 1

    def _handle(self, body):
        name, epoch = body["appeal_id"], body["epoch"]
        self.assigned[name] = epoch
        chance = random.Random(f"{name}/{epoch}")
        report = {"appeal_id": name, "agent_id": body["agent_id"], "epoch": epoch}
        if chance.random() < self._returns:
            report["type"] = "assignment.returned"
        else:
            report |= {"type": "appeal.decided", "outcome": "upheld"}
        value = json.dumps(report).encode()
        for _ in range(2 if chance.random() < self._repeats else 1):
            self._sender.send_raw(self._reviews, name, value)
