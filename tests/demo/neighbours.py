"""The processes of the demo: embedded broker, redis-server, daemon. All private, all ended with it."""

import json
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "release"
CONFIG = ROOT / "config"
SOCKET = "control.sock"
REDIS_SOCKET = "redis.sock"


class DemoError(Exception):
    """What kept the demo from going on, in a sentence for whoever typed `make demo`."""


def wait_until(what, condition, seconds=120):
    """Gives the first true value of @condition; asks again until then. What takes a second may take many
    where the machine is busy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise DemoError(f"{what} took more than {seconds} s")


class Process:
    """One process with its log; left by `with`, it is asked to end, and made to after 12 s."""

    def __init__(self, name, command, folder):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT, cwd=folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(12)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def text(self):
        return self.log.read_text(errors="replace")

    def check(self):
        """Raises where it has ended by itself, with the last it said."""
        status = self._process.poll()
        if status is not None:
            last = "\n".join("  " + line for line in self.text().splitlines()[-15:])
            raise DemoError(f"{self.name} ended with status {status}; its last lines:\n{last}")


def start_broker(folder):
    """The broker, and its address once it prints one."""
    broker = Process("sandbox", [PROGRAMS / "cli" / "appealctl", "sandbox"], folder)

    def address():
        broker.check()
        found = re.search(r"\b127\.0\.0\.1:\d+(,127\.0\.0\.1:\d+)*", broker.text())
        return found and found.group()

    return broker, address


def start_redis(folder):
    return Process("redis-server", ["redis-server", "--port", 0, "--unixsocket", folder / REDIS_SOCKET, "--save", "",
                                    "--appendonly", "no", "--dir", folder], folder)


def start_daemon(folder, bootstrap):
    settings = folder / "appeal-router.yaml"
    settings.write_text(json.dumps({
        "instance": "demo",
        "kafka": {"bootstrap_servers": bootstrap, "group": "demo",
                  # The embedded broker holds an empty fetch for the whole of this time.
                  "properties": {"fetch.wait.max.ms": "10"}},
        "shards": [{"name": "main", "partition": 0}],
        "redis": {"url": f"unix:{folder / REDIS_SOCKET}"},
        "rulebook": str(CONFIG / "rulebook.yaml"),
        "control": {"socket": str(folder / SOCKET)},
    }, indent=2))
    return Process("appeal-routerd", [PROGRAMS / "daemon" / "appeal-routerd", "--config", settings], folder)


def is_owner(daemon, folder):
    """Whether the daemon says that the shard is its own and that it routes."""
    daemon.check()
    asked = subprocess.run([PROGRAMS / "cli" / "appealctl", "status", "--json", "--socket", folder / SOCKET],
                           capture_output=True, text=True)
    return asked.returncode == 0 and all(
        shard["state"] == "owner" for shard in json.loads(asked.stdout)["shards"])
