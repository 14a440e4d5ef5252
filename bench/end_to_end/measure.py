"""Measuring a router from outside: what arrives at a read_committed consumer, and when."""

import os
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process so far, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid):
    """(resident now, most ever) in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return tuple(int(lines[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def producer(bootstrap, **settings):
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "socket.nagle.disable": True,
            "queue.buffering.max.messages": 500_000,
            **settings,
        }
    )


def send_all(bootstrap, topic, pairs):
    """Sends (key, value) pairs as fast as it goes; gives (count, bytes of values)."""
    sender, count, size = producer(bootstrap, **{"linger.ms": 5}), 0, 0
    for key, value in pairs:
        while True:
            try:
                sender.produce(topic, key=key, value=value)
                break
            except BufferError:
                sender.poll(0.1)
        count, size = count + 1, size + len(value)
    assert sender.flush(60) == 0
    return count, size


def warm_up(bootstrap, topic, pairs, transactions=50):
    """Lets a fresh broker make its internal topics and compile its code before anybody is timed."""
    sender = producer(bootstrap, **{"transactional.id": "warm-up"})
    member = Consumer({"bootstrap.servers": bootstrap, "group.id": "warm-up"})
    member.subscribe([topic])
    sender.init_transactions(30)
    records = list(pairs)
    for number in range(transactions):
        sender.begin_transaction()
        for key, value in records[number::transactions]:
            sender.produce(topic, key=key, value=value)
        sender.commit_transaction(30)
        member.poll(0.01)
    member.close()


def send_paced(bootstrap, topic, pairs, rate, seconds):
    """Sends at `rate`; gives key -> when it was due. Late or not, what was due counts."""
    sender, due = producer(bootstrap, **{"linger.ms": 0}), {}
    start = time.monotonic() + 0.1
    for number, (key, value) in zip(range(int(rate * seconds)), pairs, strict=False):
        due[key] = start + number / rate
        while (early := due[key] - time.monotonic()) > 0:
            sender.poll(early)
        sender.produce(topic, key=key, value=value)
        sender.poll(0)
    assert sender.flush(30) == 0
    return due


class Arrivals:
    """A thread that notes when each appeal's first assignment arrives, and which come twice."""

    def __init__(self, bootstrap, topic, from_end=False):
        self.at = {}  # appeal -> time.monotonic()
        self.repeated = 0
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "unused",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "socket.nagle.disable": True,
                "queued.min.messages": 200_000,
            }
        )
        places = [
            TopicPartition(topic, number)
            for number in self._consumer.list_topics(topic, 10).topics[topic].partitions
        ]
        for place in places:
            start, end = self._consumer.get_watermark_offsets(place, timeout=10)
            place.offset = end if from_end else start
        self._consumer.assign(places)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopping.is_set():
            first = self._consumer.poll(0.05)
            if first is None:
                continue
            messages = [first, *self._consumer.consume(10_000, timeout=0)]
            now = time.monotonic()
            for message in messages:
                assert message.error() is None, message.error()
                key = message.key().decode()
                if key in self.at:
                    self.repeated += 1
                else:
                    self.at[key] = now

    def wait(self, count, seconds, is_alive):
        """Until `count` appeals have arrived; False where nothing new came for `seconds`."""
        seen, deadline = 0, time.monotonic() + seconds
        while len(self.at) < count:
            if len(self.at) > seen:
                seen, deadline = len(self.at), time.monotonic() + seconds
            if time.monotonic() > deadline or not is_alive():
                return False
            time.sleep(0.005)
        return True

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._consumer.close()
