"""appealctl and a real appeal-routerd, on the sandbox's broker: what is asked is understood.

Nothing here is about exactly-once, for which that broker is no judge."""

import json
import pathlib
import signal
import subprocess
import tempfile

import pytest
from confluent_kafka import Producer
from running_router import WAIT_S, flush, wait_until

SHARD = "main"
AGENT = {"type": "agent.updated", "agent_id": "ana", "capacity": 2, "languages": ["pt"], "markets": ["BR"]}
APPEAL = {"type": "appeal.submitted", "appeal_id": "a-91", "market": "BR", "languages": ["pt-BR"], "reason": "other"}
RULEBOOK = "rulebook: one\nqueues: { general: {} }\nrules: [ { name: rest, route: { queue: general } } ]\n"
RULEBOOK_WITH_FRAUD = (
    "rulebook: fraud\nqueues: { general: {}, fraud: {} }\n"
    "rules:\n  - { name: fraud, when: { reason: fraud }, route: { queue: fraud } }\n"
    "  - { name: rest, route: { queue: general } }\n")


@pytest.fixture(scope="module")
def folder():
    """Short, since the path of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="aro") as name:
        yield pathlib.Path(name)


@pytest.fixture(scope="module")
def daemon(program, folder, broker):
    (folder / "rulebook.yaml").write_text(RULEBOOK)
    settings = folder / "router.yaml"
    settings.write_text(
        f"instance: router-a\nkafka: {{ bootstrap_servers: '{broker}', session_timeout: 60s }}\nrulebook: rulebook.yaml\n"
        "control: { socket: control.sock }\n")
    process = subprocess.Popen([program.parents[1] / "daemon" / "appeal-routerd", "--config", settings])
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(WAIT_S)


@pytest.fixture(scope="module")
def ask(program, folder, daemon):
    """Asks the daemon; gives the exit code and the JSON."""
    def run(*words):
        result = subprocess.run([program, *words, "--json", "--socket", folder / "control.sock"],
                                capture_output=True, text=True, timeout=WAIT_S, check=False)
        return result.returncode, json.loads(result.stdout)
    wait_until(lambda: run("queues")[0] == 0)
    return run


@pytest.fixture(scope="module")
def appeal(ask, broker):
    """An appeal that an agent holds."""
    producer = Producer({"bootstrap.servers": broker})
    for topic, event in [("agents", AGENT), ("appeals", APPEAL)]:
        producer.produce(topic, json.dumps(event))
    flush(producer)
    wait_until(lambda: ask("agent", "ana")[1].get("used") == 1)
    return "a-91"


def test_status_tells_who_owns_the_shard(ask):
    code, answer = ask("status")
    assert code == 0
    assert answer["instance"] == "router-a"
    [shard] = answer["shards"]
    assert (shard["name"], shard["state"], shard["owner"]) == (SHARD, "owner", "router-a")


def test_queues_tells_what_is_in_each(ask, appeal):
    code, answer = ask("queues")
    assert code == 0
    [queue] = answer["queues"]
    assert (queue["queue"], queue["waiting"], queue["assigned"]) == ("general", 0, 1)


def test_explain_tells_where_an_appeal_is(ask, appeal):
    code, answer = ask("explain", appeal)
    assert code == 0
    assert (answer["appeal_id"], answer["queue"]) == (appeal, "general")
    moves = [move["what"] for move in answer["past"]] # it waited where it was read before the agent
    assert (moves[0], moves[-1]) == ("submitted", "assigned")
    assert (answer["pool"], answer["agents"]) == (1, [{"agent_id": "ana", "holds_it": True}])


def test_explain_names_the_agent_that_is_asked_for(ask, appeal):
    code, answer = ask("explain", appeal, "--agent", "ana")
    assert (code, answer["agents"]) == (0, [{"agent_id": "ana", "holds_it": True}])


@pytest.mark.parametrize("limit", ["0", "201", "-1", "five", ""])
def test_a_wrong_limit_of_explain_is_refused_with_what_was_expected(ask, appeal, limit):
    code, answer = ask("explain", appeal, "--limit", limit)
    assert (code, answer["error"]["message"]) == (2, "'limit' of 'explain': expected a number from 1 to 200")


@pytest.mark.parametrize("words", [["explain", "nobody"], ["agent", "nobody"], ["start-shard", "nobody"]])
def test_what_is_not_there_is_not_found(ask, words):
    code, answer = ask(*words)
    assert (code, answer["error"]["code"]) == (1, "not_found")


def test_a_shard_that_runs_cannot_be_started(ask):
    for command in ["start-shard", "accept-partitions"]:
        code, answer = ask(command, SHARD)
        assert (code, answer["error"]["code"]) == (1, "refused")


def test_a_market_is_paused_and_resumed(ask, appeal):
    code, answer = ask("pause", "BR")
    assert code == 0
    assert (answer["market"], answer["paused"], answer["changed"], answer["paused_by"]) == ("BR", True, True, "operator")
    wait_until(lambda: not ask("queues")[1]["paused_markets"][0]["changing"])
    [market] = ask("queues")[1]["paused_markets"]
    assert (market["market"], market["held"], market["assigned"]) == ("BR", 0, 1)
    assert ask("status")[1]["shards"][0]["paused_markets"] == ["BR"]
    assert ask("resume", "BR")[1]["paused"] is False
    assert ask("status")[1]["shards"][0]["paused_markets"] == []


def test_to_pause_twice_is_fine_and_said(ask, appeal):
    ask("pause", "BR")
    code, answer = ask("pause", "BR")
    assert (code, answer["changed"], answer["note"]) == (0, False, "it was paused already")
    ask("resume", "BR")
    code, answer = ask("resume", "BR")
    assert (code, answer["changed"], answer["note"]) == (0, False, "it was not paused")


def test_a_market_that_nobody_knows_is_refused_and_the_known_ones_are_named(ask, appeal):
    code, answer = ask("pause", "UK")
    assert (code, answer["error"]["code"]) == (1, "not_found")
    assert "no market 'UK'" in answer["error"]["message"]
    assert answer["error"]["message"].endswith("there are: BR")


def test_a_country_that_nothing_came_from_yet_may_be_paused_if_that_is_meant(ask):
    assert ask("pause", "FR")[0] == 1
    assert ask("pause", "FR", "--unseen")[1]["paused"] is True
    assert ask("resume", "FR")[1]["paused"] is False
    assert ask("pause", "nowhere", "--unseen")[0] == 1


def test_reroute_tells_what_would_move_and_then_moves_it(ask, appeal, folder, broker):
    producer = Producer({"bootstrap.servers": broker})
    for number in range(3):
        event = dict(APPEAL, appeal_id=f"w-{number}", languages=["fr"], reason="fraud" if number else "other")
        producer.produce("appeals", json.dumps(event))
    flush(producer)
    wait_until(lambda: ask("queues")[1]["queues"][0]["waiting"] == 3)
    (folder / "rulebook.yaml").write_text(RULEBOOK_WITH_FRAUD)
    assert ask("reload")[0] == 0
    move = {"shard": SHARD, "from": "general", "to": "fraud", "appeals": 2}
    code, answer = ask("reroute")
    assert (code, answer["applied"], answer["moved"], answer["stay"], answer["moves"]) == (0, False, 2, 1, [move])
    code, answer = ask("reroute", "--apply")
    assert (code, answer["applied"], answer["moved"], answer["stay"], answer["moves"]) == (0, True, 2, 1, [move])
    waiting = {queue["queue"]: queue["waiting"] for queue in ask("queues")[1]["queues"]}
    assert waiting == {"general": 1, "fraud": 2}
    assert ask("reroute")[1]["moves"] == []


@pytest.mark.parametrize("words", [["--queue", "nowhere"], ["--market", "UK"]])
def test_reroute_refuses_a_queue_or_market_that_is_not_there(ask, words):
    code, answer = ask("reroute", *words)
    assert (code, answer["error"]["code"]) == (1, "not_found")


def test_a_market_that_the_rulebook_pauses_is_not_resumed_by_hand(ask, appeal, folder):
    (folder / "rulebook.yaml").write_text(RULEBOOK.replace("one", "paused").replace(
        "queues:", "markets: { BR: { launch: { state: paused } } }\nqueues:"))
    assert ask("reload")[0] == 0
    code, answer = ask("resume", "BR")
    assert (code, answer["error"]["code"]) == (1, "refused")
    assert "launch it there" in answer["error"]["message"]
    assert ask("queues")[1]["paused_markets"][0]["paused_by"] == "rulebook"
    (folder / "rulebook.yaml").write_text(RULEBOOK.replace("one", "launched"))
    assert ask("reload")[0] == 0
    wait_until(lambda: ask("queues")[1]["paused_markets"] == [])


def test_reload_takes_a_new_rulebook_over(ask, folder):
    (folder / "rulebook.yaml").write_text(RULEBOOK.replace("one", "two"))
    assert ask("reload") == (0, {"rulebook": "two"})
    assert ask("status")[1]["rulebook"] == "two"


def test_reload_refuses_a_wrong_rulebook_and_names_the_line(ask, folder):
    (folder / "rulebook.yaml").write_text(RULEBOOK.replace("queue: general", "queue: other"))
    code, answer = ask("reload")
    assert (code, answer["error"]["code"]) == (78, "configuration")
    assert "rulebook.yaml:3:" in answer["error"]["message"]


def test_the_log_level_holds_until_it_is_changed_and_a_wrong_one_is_refused(ask):
    assert ask("log-level", "debug") == (0, {"level": "debug", "was": "info"})
    assert ask("status")[1]["log_level"] == "debug"
    code, answer = ask("log-level", "loud")
    assert (code, "expected error, warning, info or debug" in answer["error"]["message"]) == (2, True)
    assert ask("log-level", "info") == (0, {"level": "info", "was": "debug"})


def test_a_bundle_tells_what_one_would_ask_for(ask, folder, appeal):
    code, bundle = ask("bundle")
    assert code == 0
    assert bundle["status"]["instance"] == "router-a"
    assert bundle["queues"]["queues"][0]["assigned"] == 1
    assert bundle["settings"]["rulebook"] == str(folder / "rulebook.yaml")
    assert bundle["settings"]["kafka.password_file"] is None
    assert bundle["settings"]["limits.clock_jump"] == "10s"
    assert bundle["settings"]["shards"][0]["appeals"] == ["appeals"]
    assert "appeal_router_build_info" in bundle["metrics"]
    assert any("owner, was" in line for line in bundle["log"])


def test_drain_ends_the_daemon_well(ask, daemon):
    code, _ = ask("drain")
    assert code == 0
    assert daemon.wait(WAIT_S) == 0


def test_without_a_control_socket_the_daemon_runs_too(program, folder, broker):
    settings = folder / "silent.yaml"
    (folder / "rulebook.yaml").write_text(RULEBOOK)
    settings.write_text(f"kafka: {{ bootstrap_servers: '{broker}', group: silent }}\nrulebook: rulebook.yaml\n")
    process = subprocess.Popen([program.parents[1] / "daemon" / "appeal-routerd", "--config", settings],
                               stderr=subprocess.PIPE, text=True)
    try:
        assert any("standby" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.stderr.close()
