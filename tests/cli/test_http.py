"""What the daemon shows over HTTP: pages for machines and people, and its bounds."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest
from confluent_kafka import Producer
from prometheus_client.parser import text_string_to_metric_families

WAIT_S = 60
CONNECTIONS = 4
AGENT = {"type": "agent.updated", "agent_id": "ana", "capacity": 1, "languages": ["pt-BR"], "markets": ["BR"]}
APPEAL = {"type": "appeal.submitted", "appeal_id": "a-91", "market": "BR", "languages": ["pt-BR"], "reason": "other"}
RULEBOOK = "rulebook: '\"quoted\" <one>'\nqueues: { general: {} }\nrules: [ { name: rest, route: { queue: general } } ]\n"


def wait_until(is_so):
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Router:
    """A running daemon, and where it listens."""

    def __init__(self, program, folder, broker, listen="127.0.0.1:0", group="appeal-router", ledger="appeal-router.ledger"):
        self.program, self.socket = program, folder / "control.sock"
        (folder / "rulebook.yaml").write_text(RULEBOOK)
        settings = folder / "router.yaml"
        settings.write_text(
            f"instance: router-a\nkafka: {{ bootstrap_servers: '{broker}', group: {group} }}\nledger: {{ topic: {ledger} }}\nrulebook: rulebook.yaml\n"
            f"control: {{ socket: control.sock }}\nhttp: {{ listen: '{listen}' }}\n"
            f"limits: {{ connections: {CONNECTIONS} }}\n")
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen([program.parents[1] / "daemon" / "appeal-routerd", "--config", settings],
                                        stderr=self.log)

    def status(self):
        result = subprocess.run([self.program, "status", "--json", "--socket", self.socket],
                                capture_output=True, text=True, timeout=WAIT_S, check=False)
        return json.loads(result.stdout) if result.returncode == 0 else None

    def find_address(self):
        wait_until(lambda: self.process.poll() is not None or self.status())
        self.address = self.status()["http"]
        return self

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=WAIT_S)

    def get(self, path, **request):
        """Status, headers and text of a page."""
        try:
            with urllib.request.urlopen(
                    urllib.request.Request(f"http://{self.address}{path}", **request), timeout=WAIT_S) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def send(self, data):
        """What comes back for raw bytes, up to the end of the connection."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def reasons(self):
        """The code of /readyz, and why it is not ready: reasons by their codes."""
        code, _, text = self.get("/readyz")
        return code, {reason["code"]: reason for reason in json.loads(text)["reasons"]}

    def metrics(self):
        """Every sample by name and labels."""
        return {(sample.name, *sorted(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(self.get("/metrics")[2]) for sample in family.samples}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(WAIT_S) == 0
        self.log.seek(0)
        assert "Sanitizer" not in self.log.read()
        self.log.close()


@pytest.fixture
def folder():
    """Short, since the path of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        yield pathlib.Path(name)


@pytest.fixture(scope="module")
def broker(program):
    process = subprocess.Popen([program, "sandbox"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


@pytest.fixture(scope="module")
def router(program, broker):
    """The owner of its shard, with an agent who holds one of two appeals, and a dead letter."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        running = Router(program, pathlib.Path(name), broker).find_address()
        producer = Producer({"bootstrap.servers": broker})
        for topic, text in [("agents", json.dumps(AGENT)), ("appeals", json.dumps(APPEAL)),
                            ("appeals", json.dumps({**APPEAL, "appeal_id": "a-92"})), ("appeals", "{")]:
            producer.produce(topic, text)
        assert producer.flush(WAIT_S) == 0
        wait_until(lambda: running.metrics().get(("appeal_router_inputs_total", ("shard", "main"))) == 4)
        yield running
        running.end()


@pytest.fixture
def lonely(program, folder):
    """A daemon whose Kafka does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        running = Router(program, folder, f"127.0.0.1:{nobody.getsockname()[1]}").find_address()
        yield running
        running.end()


def test_without_kafka_it_is_healthy_and_not_ready(lonely):
    code, headers, text = lonely.get("/healthz")
    assert (code, headers["Content-Type"], json.loads(text)["alive"]) == (200, "application/json", True)
    code, headers, text = lonely.get("/readyz")
    assert (code, headers["Content-Type"]) == (503, "application/json")
    answer = json.loads(text)
    assert not answer["ready"] and [reason["code"] for reason in answer["reasons"]] == ["starting"]


def test_a_stopped_shard_makes_it_unready_and_tells_why(program, folder, broker, router):
    other = Router(program, folder, broker, group="other").find_address()
    wait_until(lambda: "stopped" in other.reasons()[1])
    code, reasons = other.reasons()
    assert (code, list(reasons)) == (503, ["stopped"])
    assert reasons["stopped"]["shard"] == "main" and "two groups must not share" in reasons["stopped"]["text"]
    assert other.metrics()["appeal_router_shard_state", ("shard", "main"), ("state", "stopped")] == 1
    assert "two groups must not share" in other.get("/")[2]
    other.end()


def test_a_partition_that_no_shard_names_makes_it_unready(program, folder, broker):
    """The broker of the sandbox makes a topic that is asked for, with four partitions."""
    metadata = Producer({"bootstrap.servers": broker}).list_topics("wide", WAIT_S)
    assert len(metadata.topics["wide"].partitions) == 4
    wide = Router(program, folder, broker, group="wide", ledger="wide").find_address()
    wait_until(lambda: "unnamed_partition" in wide.reasons()[1])
    code, reasons = wide.reasons()
    assert code == 503 and reasons["unnamed_partition"]["partition"] > 0
    wide.end()


def test_an_owner_that_works_is_ready(router):
    code, headers, text = router.get("/readyz")
    assert (code, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(text) == {"ready": True, "reasons": [], "shards": {"main": "owner"}}


def test_health_tells_of_the_loop_and_of_each_thread_that_commits(router):
    answer = json.loads(router.get("/healthz")[2])
    assert answer["alive"] and answer["loop_lag_seconds_max"] >= 0 and answer["writer_silent_seconds"]["main"] < 60


def test_metrics_tell_what_has_been_read_and_what_became_of_it(router):
    shard = ("shard", "main")
    metrics = router.metrics()
    for expected, *name in [
            (1, "shard_state", shard, ("state", "owner")), (0, "shard_state", shard, ("state", "standby")),
            (1, "agents", shard), (1, "appeals", shard, ("state", "assigned")), (1, "appeals", shard, ("state", "waiting")),
            (1, "queue_assigned", ("queue", "general"), shard), (1, "queue_waiting", ("queue", "general"), shard),
            (2, "events_total", shard, ("type", "appeal.submitted")), (1, "dead_letters_total", ("code", "json"), shard),
            (1, "rulebook_info", ("rulebook", '"quoted" <one>')), (1, "take_overs_total", shard),
            (0, "doubts_total", shard), (CONNECTIONS, "http_connections_limit")]:
        assert metrics[f"appeal_router_{name[0]}", *name[1:]] == expected, name
    wait_until(lambda: router.metrics().get(
        ("appeal_router_outputs_total", shard, ("type", "assignment.created"))) == 1)
    assert metrics["appeal_router_queue_oldest_seconds", ("queue", "general"), shard] >= 0
    assert metrics["appeal_router_transaction_records_count", shard] >= 1
    assert any(name[0] == "appeal_router_source_lag_records" for name in metrics)


def test_metrics_are_all_in_the_manual_with_kind_and_labels(root, router):
    manual = (root / "docs" / "metrics.md").read_text()
    for family in text_string_to_metric_families(router.get("/metrics")[2]):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in family.samples[0].labels if label != "le")
        assert f"| `{name}` | {family.type} | {labels} |" in manual


def test_the_manual_holds_the_table_of_metrics(root, appealctl):
    assert (root / "docs" / "metrics.md").read_text().endswith(appealctl("metrics", "--markdown").stdout), (
        "write its end anew: appealctl metrics --markdown")


def test_the_page_for_people_is_html_and_brings_nothing_in(router):
    code, headers, text = router.get("/")
    assert (code, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "router-a" in text and "&quot;quoted&quot; &lt;one&gt;" in text and "Ready." in text
    assert not re.search(r"<script|<one>|src=|http", text)


def test_what_is_asked_behind_a_question_mark_is_ignored(router):
    assert router.get("/healthz?verbose=1")[0] == 200


def test_other_methods_are_refused(router):
    for method in ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"]:
        code, headers, _ = router.get("/metrics", method=method)
        assert (code, headers["Allow"], headers["Connection"]) == (405, "GET", "close"), method


def test_the_answer_to_a_body_is_not_lost(router):
    assert router.get("/metrics", method="POST", data=b"x" * 1_000_000)[0] == 405


def test_an_unknown_page_is_not_found(router):
    for path in ["/nothing", "/metrics/", "/%2e", "//"]:
        assert router.get(path)[0] == 404, path


@pytest.mark.parametrize("data", [
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/2\r\n\r\n", b"GET / HTTP/1.1 more\r\n\r\n",
    b"GET metrics HTTP/1.1\r\n\r\n", b" / HTTP/1.1\r\n\r\n", b"GET /\0 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n"])
def test_what_is_no_request_is_refused(router, data):
    assert router.send(data).startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("data", [
    b"GET /" + b"x" * 9000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000, b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000 + b"\r\n\r\n"])
def test_a_request_that_is_too_long_is_refused(router, data):
    answer = router.send(data)
    assert answer.startswith("HTTP/1.1 431 ") and "Connection: close" in answer


def test_whoever_hangs_up_at_once_still_gets_the_answer(router):
    with router.connect() as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: connection.recv(65536), b"")).startswith(b"HTTP/1.1 200 ")


def test_who_says_nothing_makes_others_wait_not_for_ever(router):
    silent = [router.connect() for _ in range(CONNECTIONS + 2)]
    try:
        assert router.get("/healthz")[0] == 200
        assert silent[0].recv(1) == b""
    finally:
        for connection in silent:
            connection.close()


def test_an_address_in_use_ends_the_start_with_its_name(program, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = Router(program, folder, "127.0.0.1:1", f"127.0.0.1:{port}")
        assert second.process.wait(WAIT_S) == 1
        second.log.seek(0)
        text = second.log.read()
        second.log.close()
    assert f"http.listen: cannot listen at 127.0.0.1, port {port}: Address already in use" in text
