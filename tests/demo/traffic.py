"""What goes through Kafka in the demo: events in, answers out, and the agents who decide appeals."""

import heapq
import json
import random
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer, TopicPartition

from neighbours import DemoError

APPEALS, AGENTS, REVIEWS = "appeals", "agents", "reviews"
DEAD_LETTER = "dead letter"
NOT_ANSWERS = {APPEALS, AGENTS, REVIEWS, "appeal-router.ledger"}


class Publisher:
    """Publishes plain JSON events, keyed by their id; a text goes as it is."""

    def __init__(self, bootstrap):
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1,
                                   "socket.nagle.disable": True})

    def publish(self, topic, key, event):
        value = event if isinstance(event, str) else json.dumps(event)
        self._producer.produce(topic, key=key, value=value, on_delivery=self._on_delivery)
        self._producer.poll(0)

    def flush(self):
        if self._producer.flush(15) > 0:
            raise DemoError("the broker did not take every event within 15 s")

    @staticmethod
    def _on_delivery(error, _message):
        if error:
            raise DemoError(f"the broker refused an event: {error}")


class Answers:
    """Everything the daemon publishes."""

    def __init__(self, bootstrap):
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "demo-reader", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10, "socket.nagle.disable": True})
        # A queue may name a topic of its own, so: all that are neither sources nor bookkeeping.
        self._consumer.assign([
            TopicPartition(name, partition, 0)
            for name, topic in self._consumer.list_topics(timeout=60).topics.items()
            if name not in NOT_ANSWERS and not name.startswith("__")
            for partition in topic.partitions])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._consumer.close()

    def read(self, seconds):
        """What has come: (type, its time, event); waits for the first up to @seconds."""
        first = self._consumer.poll(seconds)
        messages = [first, *self._consumer.consume(500, timeout=0)] if first else []
        for message in messages:
            if message.error():
                raise DemoError(f"reading answers: {message.error()}")
            headers = {name: value.decode() for name, value in message.headers() or []}
            if "aro-error" in headers:
                yield DEAD_LETTER, "", {"code": headers["aro-error-code"],
                                        "reason": headers["aro-error"]}
            else:
                yield headers["ce_type"], headers["ce_time"], json.loads(message.value())


class Agents:
    """Sixty people who take their time: most decide, a few hand the appeal back."""

    def __init__(self, publisher, on_answer, seed=7):
        self._publisher = publisher
        self._on_answer = on_answer
        self._random = random.Random(seed)
        self._due = []

    def take(self, assignment, now):
        """An appeal is theirs, or in the inbox of their team where it names no agent."""
        seconds = self._random.uniform(0.3, 1.5)
        heapq.heappush(self._due, (now + seconds, assignment["appeal_id"], assignment["epoch"], assignment))

    def work(self, now):
        """Publishes what is due; gives how many answers that were."""
        count = 0
        while self._due and self._due[0][0] <= now:
            assignment = heapq.heappop(self._due)[-1]
            count += 1
            self._on_answer(assignment["appeal_id"])
            self._publisher.publish(REVIEWS, assignment["appeal_id"], self._answer(assignment))
        return count

    def _answer(self, assignment):
        answer = {name: assignment[name] for name in ("appeal_id", "agent_id", "epoch") if assignment[name]}
        if assignment["agent_id"] and self._random.random() < 0.02:
            return {"type": "assignment.returned", "reason": "not_mine", **answer}
        outcome = self._random.choice(["upheld", "upheld", "overturned", "partial"])
        return {"type": "appeal.decided", "outcome": outcome, "decided_at": now_text(), **answer}

    def is_busy(self):
        return bool(self._due)


def now_text():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
