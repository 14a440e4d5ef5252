"""What systemd is told: that the daemon is alive, and no longer so once any part of it hangs.

The tests stand in for systemd with a socket of their own. tests/systemd has the real one."""

import json
import os
import pathlib
import queue
import re
import signal
import socket
import tempfile
import threading
import time

import pytest
from confluent_kafka import Producer
from running_router import WAIT_S, Router, flush, wait_until

WATCHDOG_MS = 400
HANGS = {
    "epoll_wait": "the loop",
    "rd_kafka_consumer_poll": "the reader of a shard",
    "rd_kafka_queue_poll": "the group's consumer",
    "rd_kafka_commit_transaction": "the writer of a shard",
}


class Supervisor:
    """Hears what a daemon tells of itself over NOTIFY_SOCKET. A thread does the listening: ten messages
    that nobody takes, and the daemon waits with the eleventh."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._messages = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while text := self._socket.recv(65536).decode():
            self._messages.put(dict(line.split("=", 1) for line in text.splitlines()))

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", str(self.path))
        self._thread.join()
        self._socket.close()

    def environment(self, **more):
        # The runtime of a sanitizer asks to be loaded first; a preloaded library comes before it.
        options = os.environ.get("ASAN_OPTIONS", "")
        return {**os.environ, "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0", "NOTIFY_SOCKET": str(self.path),
                "WATCHDOG_USEC": str(WATCHDOG_MS * 1000), **more}

    def hear(self, seconds):
        """The next message as a dict; None where none comes."""
        try:
            self.heard.append(self._messages.get(timeout=max(seconds, 0)))
        except queue.Empty:
            return None
        return self.heard[-1]

    def hear_all(self):
        """What was told up to now."""
        while self.hear(0):
            pass
        return self.heard

    def count(self, name):
        return sum(name in message for message in self.hear_all())

    def wait_count(self, name, count):
        """Until `name` was told so often since the beginning."""
        wait_until(lambda: self.count(name) >= count)

    def wait(self, name, value=None, count=1):
        """Until messages with `name` have come; gives the last one's value."""
        deadline = time.monotonic() + WAIT_S
        while count > 0:
            message = self.hear(deadline - time.monotonic())
            if message is None:
                raise TimeoutError(f"{name}={value or ''} has not come: {self.heard[-20:]}")
            count -= name in message and (value is None or value in message[name])
        return message[name]

    def wait_starved(self):
        """Until the watchdog has not been fed for as long as makes systemd kill."""
        deadline, starved_at = time.monotonic() + WAIT_S, time.monotonic() + WATCHDOG_MS / 1000
        while time.monotonic() < starved_at:
            if time.monotonic() > deadline:
                raise TimeoutError("it is fed though a part of it hangs")
            if "WATCHDOG" in (self.hear(starved_at - time.monotonic()) or {}):
                starved_at = time.monotonic() + WATCHDOG_MS / 1000


@pytest.fixture
def supervisor(folder):
    supervisor = Supervisor(folder)
    yield supervisor
    supervisor.close()


@pytest.fixture(scope="module")
def supervised(program, broker):
    """A daemon that owns its shard, its supervisor, and the file that hangs a call of it."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        folder = pathlib.Path(name)
        supervisor, hang_file = Supervisor(folder), folder / "hang"
        preload = program.parents[1] / "tests" / "libhang.so"
        router = Router(program, folder, broker, kafka="session_timeout: 60s", environment=supervisor.environment(
            LD_PRELOAD=str(preload), HANG_FILE=str(hang_file)))
        yield router, supervisor, hang_file
        router.end()
        supervisor.wait("STOPPING", "1")
        supervisor.close()


def wait_hangs(router, call):
    """Until it hangs there: a busy machine starves the watchdog without that."""
    who = "thread" if call == "rd_kafka_commit_transaction" else "loop"
    wait_until(lambda: f"hang: {who} in {call}\n" in router.read_log())


def produce(broker, topic, event):
    producer = Producer({"bootstrap.servers": broker})
    producer.produce(topic, json.dumps(event))
    flush(producer)


def test_a_start_that_waits_for_kafka_asks_for_more_time_and_says_so(program, folder, supervisor):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        router = Router(program, folder, f"127.0.0.1:{nobody.getsockname()[1]}", environment=supervisor.environment())
        assert int(supervisor.wait("EXTEND_TIMEOUT_USEC")) > 1_000_000
        assert {"STATUS": "waiting for Kafka"} in supervisor.heard
        router.ask("reload")
        supervisor.wait("EXTEND_TIMEOUT_USEC")
        assert not any("READY" in message for message in supervisor.heard)
        router.end()


def test_it_is_ready_and_tells_what_it_does(supervised, broker):
    router, supervisor, _ = supervised
    supervisor.wait("READY", "1")
    supervisor.wait("STATUS", "main: owner, 0 waiting, 0 records behind")
    produce(broker, "appeals", {"type": "appeal.submitted", "appeal_id": "a-1", "market": "BR", "languages": ["pt"], "reason": "other"})
    supervisor.wait("STATUS", "main: owner, 1 waiting, 0 records behind")
    assert router.ask("reload")[0] == 0
    supervisor.wait("RELOADING", "1")
    supervisor.wait("READY", "1")


@pytest.fixture
def hanging(program, broker, folder, supervisor):
    """hanging(call): a daemon that has started, one call of which does not return any more."""
    def start(call):
        hang_file, preload = folder / "hang", program.parents[1] / "tests" / "libhang.so"
        Producer({"bootstrap.servers": broker}).list_topics(call, WAIT_S)  # which makes it
        router = Router(program, folder, broker, group=call, ledger=call, kafka="session_timeout: 60s",
                        environment=supervisor.environment(LD_PRELOAD=str(preload), HANG_FILE=str(hang_file)))
        supervisor.wait("READY", "1")
        hang_file.write_text(call)
        wait_hangs(router, call)
        supervisor.wait_starved()
        return router

    return start


# The loop tells of the writer itself, before.
@pytest.mark.parametrize("call, place", [
    ("epoll_wait", "is in no call to Kafka"), ("rd_kafka_consumer_poll", "is in the reader of shard 'main'"),
    ("rd_kafka_queue_poll", "is in the group's consumer")])
def test_one_that_the_watchdog_ends_says_where_its_loop_hangs(hanging, call, place):
    router = hanging(call)
    router.process.send_signal(signal.SIGABRT)  # as systemd does
    assert router.process.wait(WAIT_S) == -signal.SIGABRT
    assert re.search(rf"ended by the watchdog: the loop turned last \d+ ms ago, and {place} \[watchdog-ended\]", router.read_log())


@pytest.mark.parametrize("call", HANGS)
def test_the_watchdog_is_fed_unless_a_part_hangs(supervised, broker, call):
    router, supervisor, hang_file = supervised
    supervisor.wait("WATCHDOG", "1", count=3)
    hang_file.write_text(call)
    produce(broker, "agents", {"type": "agent.updated", "agent_id": call, "capacity": 0, "languages": ["pt"], "markets": ["BR"]})
    wait_hangs(router, call)
    supervisor.wait_starved()
    if call == "rd_kafka_commit_transaction":  # the one hang that the loop outlives, to tell of it
        wait_until(lambda: "the writer of shard 'main' has not moved for" in router.read_log())
    hang_file.unlink()
    supervisor.hear_all()
    supervisor.wait("WATCHDOG", "1", count=3)
