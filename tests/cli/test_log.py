"""The daemon's log as those find it who search it: in the journal by fields, elsewhere line by line."""

import datetime
import json
import os
import pathlib
import socket
import subprocess
import tempfile

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from running_router import WAIT_S, Router, flush, wait_until
from stand_in_journal import StandInJournal

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
AGENT = {"type": "agent.updated", "agent_id": "ana", "capacity": 9, "languages": ["pt-BR"], "markets": ["BR"]}
APPEAL = {"type": "appeal.submitted", "appeal_id": "a-91", "market": "BR", "languages": ["pt-BR"], "reason": "other"}


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        yield pathlib.Path(name)


@pytest.fixture(scope="module")
def journal(folder):
    stand_in = StandInJournal(folder / "journal")
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def router(program, folder, broker, journal):
    """Its stderr is what systemd says that the journal reads: the form is left to itself."""
    stream = (folder / "log")
    stream.touch()
    running = Router(program, folder, broker, more="log: { level: debug, journal_socket: journal }\n", environment={
        **os.environ, "JOURNAL_STREAM": f"{stream.stat().st_dev}:{stream.stat().st_ino}"}).find_address()
    yield running
    running.end()


def send(broker, *records):
    """Each (topic, value, headers); gives where they lie."""
    places, producer = [], Producer({"bootstrap.servers": broker})
    for topic, value, headers in records:
        producer.produce(topic, value, headers=headers,
                         on_delivery=lambda error, message: places.append((message.topic(), message.partition(), message.offset())))
        flush(producer)
    return places


def find(journal, **fields):
    return [entry for entry in journal.fields() if entry.items() >= fields.items()]


@pytest.fixture(scope="module")
def sent(broker, router, journal):
    """Places of an agent, an appeal with a trace, and one with a trace that is refused."""
    places = send(broker, ("agents", json.dumps(AGENT), []))
    wait_until(lambda: router.ask("agent", AGENT["agent_id"])[0] == 0)  # else the appeal may wait first
    places += send(broker, ("appeals", json.dumps(APPEAL), [("traceparent", TRACEPARENT)]),
                   ("appeals", json.dumps({**APPEAL, "market": 7, "traceparent": TRACEPARENT}), []))
    wait_until(lambda: find(journal, CODE="event-published") and find(journal, CODE="record-refused"))
    return places


def test_under_systemd_nothing_is_on_stderr_and_all_in_the_journal(router, journal, sent):
    assert router.read_log() == ""
    assert {entry["SYSLOG_IDENTIFIER"] for entry in journal.fields()} == {"appeal-routerd"}
    assert all(entry["MESSAGE"] and entry["PRIORITY"] in "3467" for entry in journal.fields())


def test_each_entry_has_the_id_and_the_priority_of_its_message(appealctl, journal, sent):
    priorities = {"error": "3", "warning": "4", "info": "6", "debug": "7"}
    table = {message["code"]: message for message in json.loads(appealctl("messages", "--json").stdout)["messages"]}
    assert len({entry["CODE"] for entry in journal.fields()}) > 4
    for entry in journal.fields():
        message = table[entry["CODE"]]
        assert (entry["MESSAGE_ID"], entry["PRIORITY"]) == (message["message_id"], priorities[message["level"]])


def test_what_became_of_an_appeal_is_found_by_appeal_agent_and_trace(journal, sent):
    topic, partition, offset = sent[1]
    for search in ({"APPEAL": "a-91"}, {"AGENT": "ana"}, {"TRACE": TRACE}):
        [entry] = find(journal, CODE="event-published", **search)
        assert entry.items() >= {"SHARD": "main", "QUEUE": "general", "APPEAL": "a-91", "AGENT": "ana", "TRACE": TRACE,
                                 "TOPIC": topic, "PARTITION": str(partition), "OFFSET": str(offset)}.items()
        assert entry["MESSAGE"].endswith(": assignment.created")


def test_a_refused_record_is_found_by_its_place_and_its_trace(journal, sent):
    topic, partition, offset = sent[2]
    [entry] = find(journal, CODE="record-refused", TOPIC=topic, PARTITION=str(partition), OFFSET=str(offset))
    assert entry["TRACE"] == TRACE
    assert "market" in entry["MESSAGE"]


def test_the_assignment_carries_the_trace_in_its_header_and_in_its_why(broker, sent):
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "trace"})
    partitions = consumer.list_topics("assignments", WAIT_S).topics["assignments"].partitions
    consumer.assign([TopicPartition("assignments", partition, OFFSET_BEGINNING) for partition in partitions])
    message = consumer.poll(WAIT_S)
    assert dict(message.headers())["traceparent"].decode() == TRACEPARENT
    assert json.loads(message.value())["why"]["trace"] == TRACE
    consumer.close()


def test_explain_names_the_trace(router, sent):
    assert router.ask("explain", "a-91")[1]["trace"] == TRACE


def test_a_reload_changes_the_form(router, folder, journal, sent):
    settings = folder / "router.yaml"
    before = settings.read_text()
    settings.write_text(before.replace("level: debug", "level: info, format: text"))
    assert router.ask("reload")[0] == 0
    wait_until(lambda: "<6>reloaded [reloaded]\n" in router.read_log())
    settings.write_text(before)
    assert router.ask("reload")[0] == 0
    assert router.ask("log-level", "info")[0] == 0
    wait_until(lambda: find(journal, CODE="log-level-changed"))


def test_as_json_each_line_is_an_object_with_time_level_code_and_message(program, appealctl):
    levels = {message["code"]: message["level"] for message in json.loads(appealctl("messages", "--json").stdout)["messages"]}
    with tempfile.TemporaryDirectory(prefix="aro") as name, socket.create_server(("127.0.0.1", 0)) as nobody:
        running = Router(program, pathlib.Path(name), f"127.0.0.1:{nobody.getsockname()[1]}",
                         more="log: { format: json, level: debug }\n", kafka="properties: { debug: all }").find_address()
        began = datetime.datetime.now(datetime.timezone.utc)
        running.ask("log-level", "debug")
        running.end()
        lines = [json.loads(line) for line in running.read_log().splitlines()]
    assert {"http-listening", "log-level-changed", "kafka-library-detail", "ending"} <= {line["code"] for line in lines}
    for line in lines:
        assert line["message"] and line["level"] == levels[line["code"]]
        time = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        assert line["time"].endswith("Z") and len(line["time"]) == len("2026-11-22T10:00:00.000Z")
        assert abs(time - began) < datetime.timedelta(hours=1)


def test_an_unknown_code_is_not_explained(appealctl):
    result = appealctl("messages", "--code", "shard-lots")
    assert (result.returncode, "no message has the code 'shard-lots'" in result.stderr) == (1, True)


def test_a_code_is_explained_in_words_and_as_json(appealctl):
    told = json.loads(appealctl("messages", "--code", "shard-stopped", "--json").stdout)
    assert (told["code"], told["level"]) == ("shard-stopped", "error")
    shown = " ".join(appealctl("messages", "--code", "shard-stopped").stdout.split())
    assert shown == f"shard-stopped (error): {told['happened']}. {told['means']} {told['do']}"


def test_the_checks_words_end_in_a_code_too(program, tmp_path):
    (tmp_path / "router.yaml").write_text("kafka: {}\n")
    result = subprocess.run([program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", tmp_path / "router.yaml"],
                            capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert result.returncode == 78
    assert result.stderr.endswith(" [settings-refused]\n")
