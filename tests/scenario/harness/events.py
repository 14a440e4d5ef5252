"""Events as the neighbours send them, seeded: the same seed gives the same bytes."""

import json
import random

from confluent_kafka import Producer

from .process import WaitTimeout

MARKETS = {
    "BR": ["pt-BR", "es"],
    "US": ["en-US", "es"],
    "GB": ["en-GB"],
    "DE": ["de"],
    "FR": ["fr"],
    "ES": ["es", "ca"],
    "NO": ["nb", "nn"],
}
REASONS = ["fraud", "fake", "listing", "account", "payment"]
LANGUAGES = ["pt-BR", "es", "en-US", "en-GB", "de", "fr", "ca", "nb", "nn"]


def appeal(number, chance, **members):
    """An appeal.submitted of a market and its language; `members` replace or add."""
    market = chance.choice(sorted(MARKETS))
    return {
        "type": "appeal.submitted",
        "appeal_id": f"a-{number}",
        "market": market,
        "languages": [chance.choice(MARKETS[market])],
        "reason": chance.choice(REASONS),
        "effort": chance.choice([1, 1, 1, 2]),
        "submitted_at": "2026-11-22T10:00:00Z",
        **members,
    }


def appeals(count, seed=7, first=0):
    chance = random.Random(seed)
    return [appeal(number, chance) for number in range(first, first + count)]


def agent(name, capacity=3, languages=None, **members):
    return {
        "type": "agent.updated",
        "agent_id": name,
        "capacity": capacity,
        "languages": languages or LANGUAGES,
        "markets": ["*"],
        **members,
    }


def agents(count, seed=7):
    """People of one to three languages; together they speak all of them."""
    chance = random.Random(seed)
    return [
        agent(
            f"agent-{number}",
            capacity=chance.randint(2, 4),
            languages=sorted({LANGUAGES[number % len(LANGUAGES)], chance.choice(LANGUAGES)}),
        )
        for number in range(count)
    ]


def key_of(event):
    return event.get("agent_id") if event["type"].startswith("agent.") else event["appeal_id"]


class Sender:
    """Sends events to topics, keyed and partitioned as Java producers do; flushes by itself."""

    def __init__(self, bootstrap):
        self._failed = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 1,
                "socket.nagle.disable": True,
            }
        )

    def send(self, topic, events):
        for event in events:
            self.send_raw(topic, key_of(event), json.dumps(event).encode())
        self.flush()

    def send_raw(self, topic, key, value, headers=None):
        """Queues one record; flush() sees to it that it arrives."""
        while True:
            try:
                self._producer.produce(
                    topic, key=key, value=value, headers=headers, on_delivery=self._on_delivery
                )
                return self._producer.poll(0)
            except BufferError:
                self._producer.poll(0.1)

    def _on_delivery(self, error, _message):
        if error is not None:
            self._failed.append(error)

    def flush(self):
        left = self._producer.flush(60)
        if left and not self._failed:
            raise WaitTimeout(f"{left} records not sent within 60 s")
        assert not left and not self._failed, f"{left} records not sent, {self._failed[:3]}"

    def poll(self):
        self._producer.poll(0)
