"""config/: the agents and appeals that are samples are real events, and always the same."""

import json
import subprocess
import sys

import pytest

from harness import event_schemas

CONFIG = event_schemas.ROOT / "config"
TIMEOUT_S = 60


def generate(*words):
    return subprocess.run([sys.executable, CONFIG / "generate_appeals.py", *words], check=True,
                          capture_output=True, text=True, timeout=TIMEOUT_S).stdout


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_same_seed_gives_the_same_bytes():
    assert generate("--seed", "3", "--count", "50") == generate("--seed", "3", "--count", "50")
    assert generate("--seed", "3", "--count", "50") != generate("--seed", "4", "--count", "50")


def test_more_appeals_begin_as_fewer_do():
    assert generate("--count", "60").startswith(generate("--count", "40"))


def test_the_sample_agents_are_those_of_the_generator():
    assert (CONFIG / "agents.jsonl").read_text() == generate("--agents", "60")


@pytest.mark.parametrize("words", [("--count", "300"), ("--agents", "200")])
def test_every_line_is_a_valid_event(words):
    for event in events(generate(*words)):
        event_type = event.pop("type")
        assert event_schemas.errors("in", event_type, event) == []


def test_as_many_agents_come_as_are_asked_for_each_with_an_id_of_their_own():
    for count in [1, 7, 60, 1000]:
        ids = {event["agent_id"] for event in events(generate("--agents", str(count)))}
        assert len(ids) == count


def test_appeals_come_in_the_order_of_their_submission_from_the_start_on():
    times = [event["submitted_at"] for event in
             events(generate("--count", "100", "--start-time", "2026-01-31T23:59:00+01:00"))]
    assert times == sorted(times)
    assert times[0] == "2026-01-31T22:59:00.000Z"


def test_all_ten_markets_appear_and_earlier_decisions_are_by_agents():
    agents = {event["agent_id"] for event in events(generate("--agents", "60"))}
    appeals = events(generate("--count", "1000"))
    assert {event["market"] for event in appeals} == {
        "BR", "US", "GB", "DE", "FR", "ES", "ID", "NO", "SA", "JP"}
    assert {event["decision"]["decided_by"] for event in appeals} <= agents
