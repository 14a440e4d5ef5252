"""The samples in config/, read by the programs as they lie there."""

import json
import subprocess

import pytest

AT = "2026-11-24T15:00:00Z"


def test_the_sample_settings_and_rulebook_are_fine(root, program):
    result = subprocess.run(
        [program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", root / "config" / "appeal-router.yaml"],
        capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("market, language", [
    ("BR", "pt-BR"), ("US", "en-US"), ("GB", "en-GB"), ("DE", "de"), ("FR", "fr"), ("ES", "es"), ("ID", "id"),
    ("NO", "nb"), ("SA", "ar"), ("JP", "ja")])
def test_an_appeal_of_each_sample_market_finds_an_agent(root, appealctl, tmp_path, market, language):
    appeal = tmp_path / "appeal.json"
    appeal.write_text(json.dumps({"appeal_id": "a-1", "market": market, "languages": [language], "reason": "other"}))
    result = appealctl("route", root / "config" / "rulebook.yaml", appeal,
                       "--agents", root / "config" / "agents.jsonl", "--at", AT, "--json")
    assert result.returncode == 0
    assert [event["type"] for event in json.loads(result.stdout)] == ["assignment.created"]


def test_the_sample_market_that_is_being_launched_gives_its_share_to_the_rules_and_the_rest_to_others(
        root, appealctl, tmp_path):
    def queue_of(appeal_id):
        appeal = tmp_path / "appeal.json"
        appeal.write_text(json.dumps({"appeal_id": appeal_id, "market": "ID", "languages": ["id"], "reason": "other"}))
        result = appealctl("route", root / "config" / "rulebook.yaml", appeal,
                           "--agents", root / "config" / "agents.jsonl", "--at", AT, "--json")
        [event] = json.loads(result.stdout)
        return event["data"]["queue"]

    queues = [queue_of(f"a-{number}") for number in range(25)]
    assert set(queues) == {"indonesian", "general"}
    assert queues.count("indonesian") < queues.count("general")


def test_a_check_warns_of_what_lets_strangers_in_and_refuses_nothing(program, folder):
    (folder / "rulebook.yaml").write_text("rulebook: one\nqueues: { general: {} }\nrules: [ { name: rest, route: { queue: general } } ]\n")
    (folder / "router.yaml").write_text(
        "kafka: { bootstrap_servers: k }\nrulebook: rulebook.yaml\nhttp: { listen: '0.0.0.0:9464' }\n")
    result = subprocess.run(
        [program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", folder / "router.yaml"],
        capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert "http.listen: '0.0.0.0' can be reached from other hosts" in result.stderr
