"""The topic that a queue names for itself is one that the settings use for nothing else."""

import subprocess

import pytest


def check(program, folder, topic, settings=""):
    (folder / "router.yaml").write_text(f"kafka: {{ bootstrap_servers: k }}\nrulebook: rulebook.yaml\n{settings}")
    (folder / "rulebook.yaml").write_text(
        f"rulebook: r\nqueues: {{ general: {{ topic: {topic} }} }}\n"
        "rules: [{ name: rest, route: { queue: general } }]\n")
    return subprocess.run(
        [program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", folder / "router.yaml"],
        capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("topic", "user"), [
    ("appeal-router.ledger", "ledger.topic"),
    ("appeals", "shards[0].appeals"),
    ("agents", "shards[0].agents"),
    ("reviews", "shards[0].reviews"),
    ("outcomes", "shards[0].outcomes"),
    ("appeals.dead-letter", "shards[0].dead_letters"),
])
def test_a_queue_that_would_write_where_others_read_is_refused(program, folder, topic, user):
    answer = check(program, folder, topic)
    assert answer.returncode == 78
    assert f"queues.general.topic: the topic '{topic}' is taken by {user}" in answer.stderr


def test_a_topic_of_any_shard_counts(program, folder):
    second = ("{ name: b, partition: 1, appeals: [x], agents: [y], reviews: [z], assignments: a2, outcomes: o2, "
              "dead_letters: d2 }")
    answer = check(program, folder, "z", f"shards: [{{ name: a }}, {second}]\n")
    assert answer.returncode == 78
    assert "shards[1].reviews" in answer.stderr


@pytest.mark.parametrize("topic", ["own", "assignments"])
def test_a_topic_of_assignments_may_be_named(program, folder, topic):
    answer = check(program, folder, topic)
    assert (answer.returncode, answer.stderr) == (0, "")
