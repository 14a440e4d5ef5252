"""One test's world: topics, a rulebook, settings and instances that it shares with nobody."""

import contextlib
import random
import string

import yaml
from checker import check
from checker.reader import read_data, read_shard

from . import event_schemas, events, topics
from .daemon import Daemon, patience
from .events import Sender
from .process import WaitTimeout, wait_until
from .watch import Watch

RULEBOOK = {
    "rulebook": "scenario.1",
    "seed": 7,
    "queues": {
        "fraud": {"choose": ["lowest_load", "best_language", "longest_idle"]},
        "iberia": {},
        "general": {},
    },
    "rules": [
        {"name": "fraud", "when": {"reason": ["fraud", "fake"]}, "route": {"queue": "fraud"}},
        {"name": "iberia", "when": {"language": ["es", "ca"]}, "route": {"queue": "iberia"}},
        {"name": "rest", "route": {"queue": "general"}},
    ],
}  # fmt: skip


def with_synthetic(rulebook, topic):
    """It takes synthetic appeals too, in a queue that has `topic` for its own."""
    return {
        **rulebook,
        "queues": {"synthetic": {"deliver": "queue", "topic": topic}, **rulebook["queues"]},
        "rules": [{"name": "synthetic", "when": {"market": "ZZ", "reason": "synthetic"},
                   "route": {"queue": "synthetic"}}, *rulebook["rules"]],
    }  # fmt: skip


# Seconds. Nobody dies by default, and a busy machine must not cost an owner its shard.
SESSION_TIMEOUT = 60
SHORT_SESSION_TIMEOUT = 2  # the least that the brokers of the tests allow is 1


class World:
    def __init__(self, broker, folder, redis=None, shard_names=("main",), own=(), session_timeout=SESSION_TIMEOUT, **kafka):
        """`own`: topics that queues of the rulebook name for themselves; `kafka`: settings."""
        self.broker, self.redis, self.folder = broker, redis, folder
        self.name = "t-" + "".join(random.choices(string.ascii_lowercase, k=8))
        self.ledger = f"{self.name}.ledger"
        self.group = f"{self.name}.router"
        self.shards = {
            name: topics.ShardTopics.named(self.name, name, number)
            for number, name in enumerate(shard_names)
        }
        self.own_topics = [f"{self.name}.{name}" for name in own]
        self.session_timeout = session_timeout
        self.kafka_settings = kafka
        self.instances = {}
        self.sender = Sender(broker.address)
        folder.mkdir(parents=True, exist_ok=True)
        self.write_rulebook(RULEBOOK)

    @property
    def main(self):
        return self.shards["main"]

    def write_rulebook(self, rulebook):
        (self.folder / "rulebook.yaml").write_text(yaml.safe_dump(rulebook, sort_keys=False))

    def create_topics(self):
        new = [topics.new_ledger(self.ledger, len(self.shards))]
        for shard in self.shards.values():
            new += shard.new_topics()
        new += [topics.NewTopic(name, 2, replication_factor=1) for name in self.own_topics]
        topics.create(self.broker.admin, new)

    def topic_names(self):
        names = [self.ledger, *self.own_topics]
        for shard in self.shards.values():
            names += [new.topic for new in shard.new_topics()]
        return names

    def settings(self, instance):
        settings = {
            "instance": instance,
            "kafka": {
                "bootstrap_servers": self.broker.address,
                "group": self.group,
                "session_timeout": f"{self.session_timeout}s",
                **self.kafka_settings,
            },
            "ledger": {"topic": self.ledger},
            "shards": [shard.settings() for shard in self.shards.values()],
            "rulebook": "rulebook.yaml",
            "http": {"listen": "127.0.0.1:0"},
            "log": {"level": "info"},
        }
        if self.redis:
            settings["redis"] = {"url": self.redis.url, "prefix": self.name}
        return settings

    def instance(self, name="a", **settings):
        if name not in self.instances:
            self.instances[name] = Daemon(self.folder, {**self.settings(name), **settings})
        return self.instances[name]

    def start(self, name="a", **settings):
        return self.instance(name, **settings).start()

    def send(self, kind, events, shard="main"):
        self.sender.send(getattr(self.shards[shard], kind), events)

    def route_one(self, watch, number):
        """Sends one appeal and waits until somebody has it."""
        self.send("appeals", events.appeals(1, first=number))
        watch.wait("assignment.created", appeal_id=f"a-{number}")

    def write_secret(self, name, text):
        """A file beside the settings that its owner alone may read."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(f"{text}\n")

    def owner(self, shard="main", seconds=60):
        """The instance that works on `shard`, waiting for one."""

        def find():
            running = [one for one in self.instances.values() if one.is_running()]
            assert running, "no instance is running"
            return next((one for one in running if one.shard_state(shard) == "owner"), None)

        try:
            return wait_until(find, seconds, f"an owner of {shard}", pause=0.05)
        except WaitTimeout as error:
            logs = "\n".join(f"{one.name}:\n{one.process.log_tail()}" for one in self.running())
            raise WaitTimeout(f"{error}\n{logs}") from None

    def ask_owner(self, command, **arguments):
        """The result of a command that takes an owner. Where sessions are short, a busy machine may cost it the
        shard: then whoever is the owner next is asked."""

        def result():
            answer = self.owner().ask(command, seconds=60, **arguments)
            if answer["ok"]:
                return answer["result"]
            error = answer["error"]
            assert error["code"] == "not_owner" or "lost" in error["message"], answer
            return None

        return wait_until(result, 60 * patience(), f"an owner that has done '{command}'", pause=0.2)

    def running(self):
        return [one for one in self.instances.values() if one.is_running()]

    def watch(self, shard="main"):
        """All outputs of a shard, from the first on."""
        topics_of = self.shards[shard]
        names = [topics_of.assignments, *self.own_topics, topics_of.outcomes]
        return Watch(self.broker.address, [*names, topics_of.dead_letters])

    # --- judging ---

    def read(self, shard="main"):
        """The checker's data set of a shard."""
        described = read_shard(next(iter(self.instances.values())).settings_path, shard)
        url = self.redis.url if self.redis else None
        return read_data(self.broker.address, described, url, self.name)

    def assert_faultless(self, shard="main", seconds=60):
        """All input is read, the checker finds nothing, and every event is as its schema says. What
        may mend itself is waited for: the last input may not be read yet, and Redis is written
        after the commit."""
        data, found = None, []

        def is_judged():
            nonlocal data
            data = self.read(shard)
            found[:] = check(data)
            return not all(violation.may_pass for violation in found) or not found

        with contextlib.suppress(WaitTimeout):
            wait_until(is_judged, seconds, "a faultless shard", pause=0.2)
        lines = "\n".join(str(violation) for violation in found[:40])
        if found and all(violation.may_pass for violation in found):
            raise WaitTimeout(f"{len(found)} violations have not passed within {seconds} s:\n{lines}")
        assert not found, f"{len(found)} violations:\n{lines}"
        written = {*data.shard.assignments, data.shard.outcomes}
        wrong = event_schemas.output_errors(data.records(written))
        assert not wrong, "\n".join(wrong[:40])

    def close(self):
        """Ends every instance; a report of a sanitizer in any log is a failure."""
        for instance in self.instances.values():
            if instance.process is not None:
                instance.process.kill()
        topics.delete(self.broker.admin, self.topic_names())
        reports = [one.sanitizer_report() for one in self.instances.values()]
        assert not any(reports), next(report for report in reports if report)
