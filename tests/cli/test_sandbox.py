"""appealctl sandbox: a broker for trials, in its own process."""

import contextlib
import json
import signal
import subprocess

from confluent_kafka.admin import AdminClient

WAIT_S = 30


@contextlib.contextmanager
def sandbox(program, *words):
    process = subprocess.Popen([program, "sandbox", *map(str, words)], stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


def partitions(address):
    topics = AdminClient({"bootstrap.servers": address}).list_topics(timeout=WAIT_S).topics
    return {name: len(topic.partitions) for name, topic in topics.items()}


def test_it_has_the_default_topics_and_a_ledger_of_one_partition(program):
    with sandbox(program, "--partitions", 3) as (_, address):
        assert partitions(address) == {
            "appeals": 3, "agents": 3, "reviews": 3, "assignments": 3, "outcomes": 3,
            "appeals.dead-letter": 3, "appeal-router.ledger": 1}


def test_it_has_the_topics_of_the_settings(program, tmp_path):
    settings = tmp_path / "router.yaml"
    settings.write_text(
        "kafka: { bootstrap_servers: none }\nrulebook: none\nledger: { topic: l }\nshards:\n"
        "  - { name: a, partition: 2, appeals: [p, q], agents: [g], reviews: [r], assignments: s,"
        " outcomes: o, dead_letters: d }\n")
    with sandbox(program, "--config", settings) as (_, address):
        assert partitions(address) == {
            "p": 4, "q": 4, "g": 4, "r": 4, "s": 4, "o": 4, "d": 4, "l": 3}


def test_the_address_is_in_a_file_while_it_runs(program, tmp_path):
    file = tmp_path / "address"
    with sandbox(program, "--json", "--address-file", file) as (process, line):
        assert file.read_text() == json.loads(line)["bootstrap_servers"] + "\n"
    assert process.returncode == 0
    assert not file.exists()


def test_settings_that_are_wrong_end_it_with_78(appealctl, tmp_path):
    settings = tmp_path / "router.yaml"
    settings.write_text("kafak: {}\n")
    result = appealctl("sandbox", "--config", settings)
    assert result.returncode == 78
    assert f"{settings}:1:1: kafak: no such setting; did you mean 'kafka'?" in result.stderr
