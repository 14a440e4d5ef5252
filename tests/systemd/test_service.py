"""The units under a real systemd, with the installed package, a real Kafka and a real Redis."""

import itertools
import json
import re
import subprocess

import pytest
import yaml
from confluent_kafka import Consumer, Producer
from conftest import PACKAGE, PASSWORD
from harness.process import wait_until

pytestmark = pytest.mark.timeout(1800)  # the first builds the package
WAIT_S = 120
RULEBOOK = {"rulebook": "first", "queues": {"general": {}}, "rules": [{"name": "rest", "route": {"queue": "general"}}]}
names = (f"n{number}" for number in itertools.count(1))


class Neighbours:
    """Topics of one test, and what it sends to them and reads from them."""

    def __init__(self, broker):
        self.name, self.broker = next(names), broker
        self.producer = Producer({"bootstrap.servers": broker.address})

    def topic(self, kind):
        return f"{self.name}.{kind}"

    def settings(self):
        kinds = {kind: [self.topic(kind)] for kind in ("appeals", "agents", "reviews")}
        outputs = {kind: self.topic(kind) for kind in ("assignments", "outcomes", "dead_letters")}
        return {"ledger": {"topic": self.topic("ledger")}, "shards": [{"name": "main", **kinds, **outputs}]}

    def send(self, kind, event):
        self.producer.produce(self.topic(kind), json.dumps(event))
        assert self.producer.flush(WAIT_S) == 0

    def send_agent(self, name):
        self.send("agents", {"type": "agent.updated", "agent_id": name, "capacity": 100, "languages": ["pt"], "markets": ["*"]})

    def wait_assigned(self, appeal):
        """Sends it, and waits for its assignment."""
        self.send("appeals", {"type": "appeal.submitted", "appeal_id": appeal, "market": "BR", "languages": ["pt"], "reason": "other"})
        consumer = Consumer({"bootstrap.servers": self.broker.address, "group.id": f"{self.name}-reader", "isolation.level": "read_committed",
                             "auto.offset.reset": "earliest", "enable.auto.commit": False})
        consumer.subscribe([self.topic("assignments")])

        def is_assigned():
            message = consumer.poll(1)
            return message and not message.error() and json.loads(message.value())["appeal_id"] == appeal

        wait_until(is_assigned, WAIT_S, f"{appeal} is assigned")
        consumer.close()


class Service:
    """One instance, `appeal-routerd@NAME`: its settings, what systemd says of it, and what it says."""

    def __init__(self, machine, name, neighbours, **settings):
        self.machine, self.name, self.unit = machine, name, f"appeal-routerd@{name}.service"
        self.socket = f"/run/appeal-router-{name}/control.sock"
        self.rulebook = machine.path(f"/etc/appeal-router/{name}-rulebook.yaml")
        self.settings = machine.path(f"/etc/appeal-router/{name}.yaml")
        self.rulebook.write_text(yaml.safe_dump(RULEBOOK))
        self.settings.write_text(yaml.safe_dump({
            "instance": name, "rulebook": self.rulebook.name, "control": {"socket": self.socket},
            "kafka": {"bootstrap_servers": neighbours.broker.address, "group": neighbours.name, "create_topics": True},
            **neighbours.settings(), **settings}))

    def systemctl(self, verb, *words, check=True):
        run = self.machine.run if check else self.machine.try_run
        return run("systemctl", verb, self.unit, *words)

    def drop_in(self, **settings):
        """Settings of the unit, for this instance."""
        folder = self.machine.path(f"/run/systemd/system/{self.unit}.d")
        folder.mkdir(parents=True)
        (folder / "test.conf").write_text("[Service]\n" + "".join(f"{name}={value}\n" for name, value in settings.items()))
        self.machine.run("systemctl", "daemon-reload")

    def start(self):
        self.systemctl("start")
        return self

    def show(self, name):
        return self.systemctl("show", "--property", name, "--value").strip()

    def pid(self):
        return int(self.show("MainPID"))

    def wait(self, name, pattern):
        """Until systemd says so of it."""
        return wait_until(lambda: re.search(pattern, self.show(name)), WAIT_S, f"{name} of {self.unit} is {pattern}", pause=0.2)

    def wait_owner(self):
        self.wait("StatusText", "^main: owner, ")
        return self

    def journal(self):
        return self.machine.run("journalctl", "--unit", self.unit, "--output", "cat")

    def wait_journal(self, pattern):
        return wait_until(lambda: re.search(pattern, self.journal()), WAIT_S, f"'{pattern}' in the journal of {self.unit}", pause=0.2)

    def ask(self, *words):
        return json.loads(self.machine.run("appealctl", *words, "--json", "--socket", self.socket))

    def end(self):
        self.systemctl("stop")
        self.systemctl("reset-failed", check=False)


@pytest.fixture(scope="module")
def machine(new_machine):
    machine = new_machine()
    machine.run("apt-get", "-q", "-y", "install", PACKAGE)
    return machine


@pytest.fixture
def neighbours(broker):
    return Neighbours(broker)


@pytest.fixture
def new_service(machine, neighbours):
    services = []

    def make(**settings):
        services.append(Service(machine, next(names), neighbours, **settings))
        return services[-1]

    yield make
    for service in services:
        service.end()


@pytest.fixture
def service(new_service):
    return new_service()


def test_the_package_waits_for_its_settings(machine):
    assert machine.run("systemctl", "is-enabled", "appeal-routerd").strip() == "enabled"
    assert machine.processes("appeal-routerd") == []


def test_it_is_started_once_it_is_ready_and_tells_what_it_does(service, neighbours):
    service.start()
    assert service.show("ActiveState") == "active"
    service.wait_owner()
    neighbours.send_agent("ana")
    neighbours.wait_assigned("a-1")
    service.wait("StatusText", "^main: owner, 0 waiting, 0 records behind$")


def test_it_runs_as_its_own_user_in_its_box_and_in_its_own(service, machine):
    service.start()
    status = machine.run("cat", f"/proc/{service.pid()}/status")
    user = machine.run("id", "--user", "appeal-router").strip()
    assert re.search(rf"^Uid:\s+{user}\s+{user}\s+{user}\s+{user}$", status, re.MULTILINE)
    for line in (r"CapEff:\s+0+", r"CapBnd:\s+0+", r"NoNewPrivs:\s+1", r"Seccomp:\s+2"):
        assert re.search(f"^{line}$", status, re.MULTILINE), line
    assert "not confined" not in service.journal()
    assert "confined: opens files below" in service.journal()
    assert "confined: makes the system calls that routing takes" in service.journal()
    assert machine.run("stat", "--format", "%U %G %a", service.socket).split() == ["appeal-router", "appeal-router", "660"]
    assert machine.run("stat", "--format", "%U %a", service.socket.rsplit("/", 1)[0]).split() == ["appeal-router", "750"]


def test_a_password_comes_from_the_store_that_only_root_reads(new_service, machine, redis_server):
    store = machine.path("/etc/credstore")
    store.mkdir(mode=0o700, exist_ok=True)
    (store / "appeal-router.redis-password").write_text(PASSWORD)
    (store / "appeal-router.redis-password").chmod(0o600)
    service = new_service(redis={"url": redis_server.url, "password_file": "redis-password", "prefix": "credentials"}).start().wait_owner()
    wait_until(lambda: service.ask("status")["shards"][0]["board"]["connected"], WAIT_S, "the board is connected")
    result = service.systemctl("reload", check=False)  # which reads it again
    assert result.returncode == 0, service.journal()
    assert PASSWORD not in service.journal() + service.systemctl("show")


def test_a_reload_takes_another_rulebook(service):
    service.start().wait_owner()
    pid = service.pid()
    service.rulebook.write_text(yaml.safe_dump({**RULEBOOK, "rulebook": "second"}))
    service.systemctl("reload")
    wait_until(lambda: service.ask("status")["rulebook"] == "second", WAIT_S, "the second rulebook is in force")
    assert (service.pid(), service.show("ActiveState")) == (pid, "active")


def test_a_reload_of_a_broken_rulebook_fails_and_the_old_one_stays_in_force(service, neighbours):
    service.start().wait_owner()
    pid = service.pid()
    service.rulebook.write_text(yaml.safe_dump({**RULEBOOK, "rulebook": "broken"}).replace("queue:", "qeue:"))
    assert service.systemctl("reload", check=False).returncode != 0
    service.wait_journal(rf"{service.rulebook.name}:\d+:\d+: .*qeue")
    assert (service.pid(), service.show("ActiveState"), service.ask("status")["rulebook"]) == (pid, "active", "first")
    neighbours.send_agent("ana")
    neighbours.wait_assigned("a-1")


def test_one_that_is_frozen_is_killed_by_the_watchdog_and_begun_anew(service, neighbours):
    service.drop_in(WatchdogSec=10)
    service.start().wait_owner()
    frozen = service.pid()
    service.systemctl("kill", "--signal=STOP")
    service.wait_journal("Watchdog timeout")
    service.wait("NRestarts", "[1-9]")
    service.wait_owner()
    assert service.pid() != frozen
    neighbours.send_agent("ana")
    neighbours.wait_assigned("a-1")


# What does not return, and what the journal says of it.
HANGS = {
    "epoll_wait": "the loop turned last [0-9]+ ms ago, and is in no call to Kafka",
    "rd_kafka_consumer_poll": "the loop turned last [0-9]+ ms ago, and is in the reader of shard 'main'",
    "rd_kafka_queue_poll": "the loop turned last [0-9]+ ms ago, and is in the group's consumer",
    "rd_kafka_commit_transaction": "the writer of shard 'main' does not move",
}


@pytest.fixture(scope="module")
def hang_library(machine, root):
    """A path inside of what is preloaded to hang a call: tests/support/hang.c."""
    path = "/usr/local/lib/libhang.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", machine.path(path), root / "tests/support/hang.c"], check=True)
    return path


@pytest.mark.parametrize("call", HANGS)
def test_one_of_which_a_part_hangs_is_killed_by_the_watchdog_and_begun_anew(service, neighbours, machine, hang_library, call):
    """The unit's box stays as it is: what is preloaded lies below /usr, and the file that says what hangs below /etc."""
    hang_file = machine.path(f"/etc/appeal-router/{service.name}-hangs")
    service.drop_in(WatchdogSec=10, Environment=f"LD_PRELOAD={hang_library} HANG_FILE=/etc/appeal-router/{hang_file.name}")
    service.start().wait_owner()
    hung = service.pid()
    hang_file.write_text(call)
    neighbours.send_agent("ana")
    service.wait_journal("Watchdog timeout")
    hang_file.unlink()
    service.wait("NRestarts", "[1-9]")
    service.wait_owner()
    assert service.pid() != hung
    said = service.machine.run("journalctl", "--unit", service.unit, "--output", "cat", "CODE=watchdog-ended")
    assert re.search(f"^ended by the watchdog: {HANGS[call]}$", said.strip(), re.MULTILINE), service.journal()
    neighbours.wait_assigned("a-1")


def test_it_stops_when_told_and_leaves_nothing_in_run(service, machine):
    service.start().wait_owner()
    service.systemctl("stop")
    assert (service.show("ActiveState"), service.show("Result"), service.show("ExecMainStatus")) == ("inactive", "success", "0")
    assert not machine.path(f"/run/appeal-router-{service.name}").exists()


@pytest.mark.parametrize("file, right, wrong, told", [
    ("settings", "instance:", "instanec:", "instanec: no such setting; did you mean 'instance'"),
    ("rulebook", "queue:", "qeue:", "qeue")])
def test_a_mistake_in_settings_or_rulebook_fails_the_start_with_one_error_and_is_not_tried_again(service, file, right, wrong, told):
    """What a check before the start would tell, and systemd would go on trying for it."""
    service.drop_in(RestartSec="10ms")
    path = getattr(service, file)
    path.write_text(path.read_text().replace(right, wrong))
    start = service.systemctl("start", check=False)
    assert start.returncode != 0 and f"Job for {service.unit} failed" in start.stderr
    assert (service.show("ActiveState"), service.show("ExecMainStatus"), service.show("NRestarts")) == ("failed", "78", "0")
    errors = service.machine.run("journalctl", "--unit", service.unit, "--identifier", "appeal-routerd", "--output", "cat", "--priority", "err")
    assert re.fullmatch(rf"cannot start: \S*{path.name}:\d+:\d+: .*{told}.*\n", errors), service.journal()


def test_one_that_dies_again_and_again_is_always_begun_anew(service):
    service.drop_in(RestartSec="10ms")
    service.start()
    for count in range(1, 8):  # systemd's own limit is 5 in 10 s
        service.systemctl("kill", "--signal=KILL")
        service.wait("NRestarts", f"^{count}$")
        service.wait("ActiveState", "^active$")
    service.wait_owner()


def test_a_standby_takes_over_from_one_that_is_killed(new_service, neighbours):
    first = new_service().start().wait_owner()
    second = new_service().start()
    second.wait("StatusText", f"^main: standby, {first.name} owns it$")
    first.systemctl("kill", "--signal=KILL")
    second.wait_owner()
    first.wait("StatusText", f"^main: standby, {second.name} owns it$")
    neighbours.send_agent("ana")
    neighbours.wait_assigned("a-1")


def test_one_that_is_drained_hands_over_and_is_not_begun_anew(new_service):
    first = new_service().start().wait_owner()
    second = new_service().start()
    second.wait("StatusText", f"^main: standby, {first.name} owns it$")
    first.ask("drain")
    second.wait_owner()
    first.wait("ActiveState", "^inactive$")
    assert (first.show("Result"), first.show("NRestarts")) == ("success", "0")


def test_the_end_of_one_leaves_the_control_sockets_of_others(new_service, machine):
    staying, plain = new_service().start(), new_service()
    plain.unit = "appeal-routerd.service"
    plain.settings.rename(machine.path("/etc/appeal-router/appeal-router.yaml"))
    settings = machine.path("/etc/appeal-router/appeal-router.yaml")
    settings.write_text(settings.read_text().replace(plain.socket, "/run/appeal-router/control.sock"))
    plain.start().systemctl("stop")
    assert staying.ask("status")["instance"] == staying.name


def test_a_purge_ends_what_runs_and_leaves_nothing_but_what_people_made(new_machine, neighbours):
    """In a system of its own, which has no package afterwards."""
    machine = new_machine()
    machine.run("apt-get", "-q", "-y", "install", PACKAGE)
    before = set(machine.path("/etc/appeal-router").iterdir())
    services = [Service(machine, name, neighbours).start() for name in ("one", "two")]
    made = set(machine.path("/etc/appeal-router").iterdir()) - before
    machine.run("apt-get", "-q", "-y", "purge", "appeal-router")
    assert machine.processes("appeal-routerd") == []
    assert {service.show("ActiveState") for service in services} == {"inactive"}
    assert set(machine.path("/etc/appeal-router").iterdir()) == made
    assert machine.run("find", "/usr", "/var/lib/systemd", "/etc/systemd", "/run", "-name", "*appeal-router*") == ""
