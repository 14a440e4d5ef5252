"""What is measured: the daemon, and any peer that reads appeals and writes assignments."""

import pathlib
import shlex
import signal

import yaml
from harness import topics
from harness.daemon import Daemon
from harness.process import Process
from measure import send_all
from workload import agents, rulebook


class Router:
    """appeal-routerd, with a ledger and topics of its own."""

    def __init__(self, broker, folder, redis_url, session_timeout="6s"):
        self.broker, self.folder = broker, folder
        self.shard = topics.ShardTopics.named(f"bench-{folder.name}", "main", 0)
        self.appeals, self.assignments = self.shard.appeals, self.shard.assignments
        folder.mkdir(parents=True)
        ledger = f"bench-{folder.name}.ledger"
        topics.create(broker.admin, [topics.new_ledger(ledger, 1), *self.shard.new_topics()])
        (folder / "rulebook.yaml").write_text(yaml.safe_dump(rulebook(), sort_keys=False))
        self._settings = {
            "kafka": {
                "bootstrap_servers": broker.address,
                "group": f"bench-{folder.name}",
                "session_timeout": session_timeout,
            },
            "ledger": {"topic": ledger},
            "shards": [self.shard.settings()],
            "rulebook": "rulebook.yaml",
            "redis": {"url": redis_url, "prefix": f"bench-{folder.name}"},
            "log": {"level": "warning"},
        }
        send_all(broker.address, self.shard.agents, agents())

    def start(self, name="a", wrapper=()):
        return Daemon(self.folder, {"instance": name, **self._settings}).start(wrapper)


class Peer:
    """A program that reads <prefix>-appeals from the beginning and writes <prefix>-assignments.

    Its command may contain {broker}, {appeals} and {assignments}.
    """

    def __init__(self, broker, folder, command, working_folder, prefix="peer"):
        self.folder, self.working_folder = folder, pathlib.Path(working_folder)
        self.appeals, self.assignments = f"{prefix}-appeals", f"{prefix}-assignments"
        names = (self.appeals, self.assignments)
        topics.delete(broker.admin, names)  # of the peer before
        topics.create(broker.admin, [topics.NewTopic(name, 4, 1) for name in names])
        filled = command.format(
            broker=broker.address, appeals=self.appeals, assignments=self.assignments
        )
        self._command = shlex.split(filled)
        folder.mkdir(parents=True)

    def start(self, name="a"):
        return PeerProcess(
            Process(self._command, self.folder / f"{name}.log", None, self.working_folder)
        )


class PeerProcess:
    def __init__(self, process):
        self.process = process

    def is_running(self):
        return self.process.is_running()

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.signal(signal.SIGTERM)
        return self.process.child.wait(timeout=30)
