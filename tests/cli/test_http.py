"""What the daemon shows over HTTP: pages for machines and people, and its bounds."""

import contextlib
import html.parser
import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

import pytest
from confluent_kafka import Producer
from prometheus_client.parser import text_string_to_metric_families
from running_router import CONNECTIONS, WAIT_S, Router, flush, wait_until

AGENT = {"type": "agent.updated", "agent_id": "ana", "capacity": 1, "languages": ["pt-BR"], "markets": ["BR"]}
APPEAL = {"type": "appeal.submitted", "appeal_id": "a-91", "market": "BR", "languages": ["pt-BR"], "reason": "other"}


@pytest.fixture(scope="module")
def router(program, broker):
    """The owner of its shard, with an agent who holds one of two appeals, and a dead letter."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        running = Router(program, pathlib.Path(name), broker, kafka="session_timeout: 60s").find_address()
        producer = Producer({"bootstrap.servers": broker})
        for topic, text in [("agents", json.dumps(AGENT)), ("appeals", json.dumps(APPEAL)),
                            ("appeals", json.dumps({**APPEAL, "appeal_id": "a-92"})), ("appeals", json.dumps(APPEAL)),
                            ("appeals", "{")]:
            producer.produce(topic, text)
        flush(producer)

        def is_all_committed():  # in one transaction or in several; four of them are events
            metrics, shard = running.metrics(), ("shard", "main")
            return (metrics.get(("appeal_router_inputs_total", shard)),
                    metrics.get(("appeal_router_event_to_commit_seconds_count", shard))) == (5, 4)

        wait_until(is_all_committed)
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

    def is_told():
        code, reasons = wide.reasons()
        return code == 503 and reasons.get("unnamed_partition", {"partition": 0})["partition"] > 0

    wait_until(is_told)
    wide.end()


def test_an_owner_that_works_is_ready(router):
    code, headers, text = router.get("/readyz")
    assert (code, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(text) == {"ready": True, "reasons": [], "shards": {"main": "owner"}}


def test_health_tells_of_the_loop_and_of_each_part_that_must_move(router):
    answer = json.loads(router.get("/healthz")[2])
    assert answer["alive"] and answer["loop_lag_seconds_max"] >= 0
    assert set(answer["silent_seconds"]) == {
        "the writer of shard 'main'", "the reader of shard 'main'", "the group's consumer",
        "the reading of settings and rulebook"}
    assert max(answer["silent_seconds"].values()) < 60


def test_health_tells_its_figures_in_milliseconds(router):
    fractions = set()

    def has_seen_enough():  # of ten figures jansson's own way shows some with seventeen digits
        fractions.update(re.findall(r"\d\.(\d+)", router.get("/healthz")[2]))
        return len(fractions) >= 10
    wait_until(has_seen_enough)
    assert max(map(len, fractions)) <= 3


def test_the_wait_for_kafka_at_a_start_is_no_lag_of_the_loop(router, lonely):
    wait_until(lambda: router.metrics()[("appeal_router_loop_lag_seconds_count",)] > 0)
    started_at = lonely.metrics()[("appeal_router_start_time_seconds",)]
    wait_until(lambda: time.time() > started_at + 1)  # four times as long as until a lag is measured
    metrics = lonely.metrics()
    assert metrics[("appeal_router_loop_lag_seconds_count",)] == metrics[("appeal_router_loop_lag_seconds_max",)] == 0


def test_metrics_tell_what_has_been_read_and_what_became_of_it(router):
    shard = ("shard", "main")
    metrics = router.metrics()
    for expected, *name in [
            (1, "shard_state", shard, ("state", "owner")), (0, "shard_state", shard, ("state", "standby")),
            (1, "agents", shard), (1, "appeals", shard, ("state", "assigned")), (1, "appeals", shard, ("state", "waiting")),
            (1, "queue_assigned", ("queue", "general"), shard), (1, "queue_waiting", ("queue", "general"), shard),
            (2, "events_total", shard, ("type", "appeal.submitted"), ("verdict", "applied")),
            (1, "events_total", shard, ("type", "appeal.submitted"), ("verdict", "repeat")), (1, "dead_letters_total", ("code", "json"), shard),
            (1, "rulebook_info", ("rulebook", '"quoted" <one>')), (1, "take_overs_total", shard),
            (1, "take_over_duration_seconds_count", shard),
            (0, "doubts_total", shard), (CONNECTIONS, "http_connections_limit")]:
        assert metrics[f"appeal_router_{name[0]}", *name[1:]] == expected, name
    queue = ("queue", "general")
    for expected, *name in [
            (1, "outputs_total", shard, ("type", "assignment.created")), (1, "outputs_total", shard, ("type", "event.ignored")),
            (1, "assignments_total", queue, shard, ("step", "1")),
            (1, "submitted_to_assigned_seconds_count", queue, shard), (0, "offers_made_total", queue, shard),
            (4, "event_to_commit_seconds_count", shard), (0, "transactions_aborted_total", shard),
            (0, "transactions_fenced_total", shard), (1, "rebalances_total", ("kind", "assigned"))]:
        assert metrics[f"appeal_router_{name[0]}", *name[1:]] == expected, name
    assert metrics["appeal_router_transactions_begun_total", shard] == metrics["appeal_router_commits_total", shard]
    assert metrics["appeal_router_transaction_bytes_sum", shard] > 0
    assert metrics["appeal_router_last_commit_seconds", shard] >= 0
    assert metrics["appeal_router_queue_oldest_seconds", ("queue", "general"), shard] >= 0
    assert metrics["appeal_router_transaction_records_count", shard] >= 1
    for name in ["source_lag_records", "source_lag_seconds", "source_last_stable_age_seconds"]:
        assert any(sample[0] == f"appeal_router_{name}" for sample in metrics), name


def test_every_type_of_event_that_may_be_published_is_counted_from_0_on(router, root):
    types = {schema.stem for schema in (root / "schemas" / "out").iterdir()}
    counts = {dict(labels)["type"]: count for (name, *labels), count in router.metrics().items()
              if name == "appeal_router_outputs_total"}
    assert counts.keys() == types and counts["appeal.overdue"] == 0


def test_metrics_tell_the_callers_of_the_control_socket_and_their_bound(router):
    def callers():
        return router.metrics()["appeal_router_control_connections",]

    wait_until(lambda: callers() == 0)  # those of before have gone
    assert router.metrics()["appeal_router_control_connections_limit",] == CONNECTIONS
    with contextlib.ExitStack() as stack:
        for count in range(1, CONNECTIONS + 1):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(router.socket))
            wait_until(lambda: callers() == count)
        code, answer = router.ask("status")
        assert (code, answer["error"]["code"]) == (1, "busy")
    wait_until(lambda: callers() == 0)


def test_a_census_tells_what_waits_and_who_could_take_it(router):
    shard, queue = ("shard", "main"), ("queue", "general")
    wait_until(lambda: router.metrics().get(("appeal_router_market_waiting", ("market", "BR"), shard)) == 1)
    metrics = router.metrics()
    for expected, *name in [
            (1, "language_waiting", ("language", "pt-Latn"), shard), (1, "queue_capacity", queue, shard),
            (1, "queue_capacity_used", queue, shard), (0, "queue_capacity_free", queue, shard),
            (0, "queue_overdue", queue, shard), (0, "queue_at_risk", queue, shard)]:
        assert metrics[f"appeal_router_{name[0]}", *name[1:]] == expected, name
    assert metrics["appeal_router_market_oldest_seconds", ("market", "BR"), shard] >= 0
    assert metrics["appeal_router_language_oldest_seconds", ("language", "pt-Latn"), shard] >= 0


def test_metrics_are_as_prometheus_wants_them(router):
    result = subprocess.run(["promtool", "check", "metrics"], input=router.get("/metrics")[2], capture_output=True, text=True)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_metrics_are_all_in_the_manual_with_kind_and_labels(root, router):
    manual = (root / "docs" / "metrics.md").read_text()
    for family in text_string_to_metric_families(router.get("/metrics")[2]):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in family.samples[0].labels if label != "le")
        assert f"| `{name}` | {family.type} | {labels} |" in manual


def test_the_manual_holds_the_table_of_metrics(root, appealctl):
    assert (root / "docs" / "metrics.md").read_text().endswith(appealctl("metrics", "--markdown").stdout), (
        "write its end anew: appealctl metrics --markdown")


class Tags(html.parser.HTMLParser):
    """Every tag that is opened, and the text of the rows of tables."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.cells = [], [[]]
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.opened.append((tag, dict(attributes)))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        if tag == "table":
            self.cells.append([])

    def handle_data(self, data):
        if self.cells[-1]:
            self.cells[-1][-1] += data.strip()


def test_the_page_for_people_is_html_and_brings_nothing_in(router):
    code, headers, text = router.get("/")
    assert (code, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "router-a" in text and "&quot;quoted&quot; &lt;one&gt;" in text and "Ready." in text
    assert not re.search(r"<one>|url\(|@import|//", text)
    tags = Tags(text).opened
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not [name for _, attributes in tags for name in attributes if name == "src" or name.startswith("on")]
    assert {attributes["href"] for tag, attributes in tags if tag == "a"} == {"/metrics", "/readyz", "/healthz"}


def test_the_page_for_people_tells_of_each_queue(router):
    def row():
        return next(cells for cells in Tags(router.get("/")[2]).cells if cells and cells[0] == "general")

    wait_until(lambda: row()[-1] == "1 of 1")  # once there was a census
    queue, waiting, oldest, held, in_hands, at_risk, overdue, _ = row()
    assert (waiting, held, in_hands, at_risk, overdue) == ("1", "0", "1", "0", "0")
    assert re.fullmatch(r"\d+ (s|min)", oldest)
    text = router.get("/")[2]
    assert "owner" in text and re.search(r"last commit<dd>\d+ (s|min) ago", text)


def test_the_page_for_people_has_something_to_say_before_kafka_answers(lonely):
    text = lonely.get("/")[2]
    assert "Not ready:" in text and "Waiting for Kafka" in text


def test_the_page_for_people_counts_nobody_where_no_agent_is_known(program, folder, broker):
    for topic in ["empty", "no-appeals", "nobody", "no-reviews"]:
        Producer({"bootstrap.servers": broker}).list_topics(topic, WAIT_S)  # which makes it
    empty = Router(program, folder, broker, group="empty", ledger="empty",
                   more="shards: [ { appeals: [no-appeals], agents: [nobody], reviews: [no-reviews] } ]\n").find_address()
    wait_until(lambda: "No agent is known yet" in empty.get("/")[2])
    wait_until(lambda: "nobody is there" in empty.get("/")[2])
    empty.end()


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
        second.log.close()
        text = second.read_log()
    assert f"http.listen: cannot listen at 127.0.0.1, port {port}: Address already in use" in text
