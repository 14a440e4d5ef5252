"""appealctl route: one appeal through a rulebook, by the core that the daemon has."""

import json

import pytest

RULEBOOK = """\
rulebook: 2026-11-22.1
queues:
  fraud: {}
  general: {}
rules:
  - { name: fraud, when: { reason: fraud }, route: { queue: fraud, priority: 4 } }
  - { name: rest, route: { queue: general } }
"""
APPEAL = {"appeal_id": "a-91", "market": "BR", "languages": ["pt-BR", "en"], "reason": "fraud",
          "decision": {"id": "d-1", "decided_by": "rui"}}
ANA = {"agent_id": "ana", "capacity": 2, "languages": ["pt"], "markets": ["BR"]}
RUI = {"agent_id": "rui", "capacity": 9, "languages": ["pt"], "markets": ["*"]}
AT = "2026-11-22T10:00:00Z"


@pytest.fixture
def route(appealctl, tmp_path):
    """Routes @appeal; agents are a list of events, or a text."""
    def run(appeal, agents=None, *words, rulebook=RULEBOOK):
        (tmp_path / "rulebook.yaml").write_text(rulebook)
        (tmp_path / "appeal.json").write_text(appeal if isinstance(appeal, str) else json.dumps(appeal))
        if agents is not None:
            lines = agents if isinstance(agents, str) else "".join(json.dumps(agent) + "\n" for agent in agents)
            (tmp_path / "agents.jsonl").write_text(lines)
            words = [*words, "--agents", "agents.jsonl"]
        return appealctl("route", "rulebook.yaml", "appeal.json", *words, cwd=tmp_path)
    return run


def events(result):
    assert (result.returncode, result.stderr) == (0, "")
    return [(event["type"], event["data"]) for event in json.loads(result.stdout)]


def test_the_events_that_would_be_published_are_told(route):
    [(kind, data)] = events(route(APPEAL, [ANA, RUI], "--json", "--at", AT))
    assert kind == "assignment.created"
    assert (data["agent_id"], data["queue"], data["rule"]) == ("ana", "fraud", "fraud")
    assert (data["priority"], data["rulebook"]) == (4, "2026-11-22.1")
    assert data["why"]["by_filter"] == {"independence": 1}


def test_without_agents_it_waits(route):
    [(kind, data)] = events(route(APPEAL, None, "--json", "--at", AT))
    assert (kind, data["queue"], data["why"]["pool"]) == ("appeal.waiting", "fraud", 0)


def test_the_same_question_has_the_same_answer_byte_for_byte(route):
    answers = {route(APPEAL, [ANA, RUI], "--json", "--at", AT).stdout for _ in range(3)}
    assert len(answers) == 1


@pytest.mark.parametrize("member,mistake", [
    ('"attributes": {"value": 1e400}', "attributes.value is too large a number"),
    ('"effort": 99999999999999999999', "effort must be from 1 to 100"),
])
def test_a_number_beyond_all_bounds_is_not_called_a_missing_type(route, member, mistake):
    text = json.dumps(APPEAL)[:-1] + f", {member}}}"
    result = route(text, None, "--at", AT)
    assert (result.returncode, result.stderr) == (78, f"appealctl: appeal.json:1:1: {mistake}\n")


def test_a_type_of_null_may_be_left_out_too(route):
    [(kind, _)] = events(route({**APPEAL, "type": None}, [ANA], "--json", "--at", AT))
    assert kind == "assignment.created"


def test_the_time_is_what_at_says(route):
    [(_, data)] = events(route(APPEAL, [ANA], "--json", "--at", AT))
    assert data["submitted_at"] == "2026-11-22T10:00:00.000Z"


def test_people_read_a_line_for_each_fact(route):
    result = route(APPEAL, [ANA])
    assert result.returncode == 0
    assert result.stdout.startswith("assignment.created\n")
    assert "\nagent id:     ana\n" in result.stdout


@pytest.mark.parametrize("wrap", [
    lambda appeal: {"type": "appeal.submitted", **appeal},
    lambda appeal: {"specversion": "1.0", "id": "1", "source": "/s", "type": "appeal.submitted", "data": appeal},
])
def test_an_appeal_may_come_in_any_form_of_an_event(route, wrap):
    [(kind, _)] = events(route(wrap(APPEAL), [ANA], "--json"))
    assert kind == "assignment.created"


def test_blank_lines_among_the_agents_are_nothing(route):
    [(kind, _)] = events(route(APPEAL, f"\n{json.dumps(ANA)}\n  \n", "--json"))
    assert kind == "assignment.created"


def test_an_appeal_of_a_market_in_draft_is_answered_as_the_daemon_would(route):
    rulebook = RULEBOOK + "markets: { BR: { launch: { state: draft } } }\n"
    [(kind, data)] = events(route(APPEAL, [ANA], "--json", rulebook=rulebook))
    assert (kind, data["appeal_id"], data["reason"]) == ("event.ignored", "a-91", "market_draft")


@pytest.mark.parametrize("agents", [
    [ANA, ANA],
    [{"type": "agent.status", "agent_id": "zoe", "status": "away"}, ANA],
    [{"type": "agent.removed", "agent_id": "zoe"}, ANA],
])
def test_an_agents_event_that_changes_nothing_is_nothing(route, agents):
    [(kind, data)] = events(route(APPEAL, agents, "--json"))
    assert (kind, data["agent_id"]) == ("assignment.created", "ana")


@pytest.mark.parametrize("appeal, agents, said", [
    ("{", None, "appeal.json:1:2: "),
    ({**APPEAL, "market": 7}, None, "market"),
    ({**APPEAL, "market": "Atlantis"}, None, "nor a name that the rulebook declares"),
    ('{\n  "appeal_id": "a-91",\n  "market" "BR"\n}', None, "appeal.json:3:12: "),
    ({"type": "agent.updated", **ANA}, None, "agent.updated"),
    ({"type": "appeal.withdrawn", "appeal_id": "a-91"}, None, "expected an appeal.submitted event"),
    (APPEAL, f"{json.dumps(ANA)}\n{{\"agent_id\": \"rui\"}}\n", "agents.jsonl:2:1: "),
    (APPEAL, "nonsense", "agents.jsonl:1:1: "),
    (APPEAL, f"{json.dumps(ANA)}\n{{\"agent_id\" 7}}\n", "agents.jsonl:2:13: "),
    (APPEAL, f"{json.dumps(ANA)}\0\n", "agents.jsonl:1:"),
])
def test_a_file_that_is_wrong_is_named_and_ends_with_78(route, appeal, agents, said):
    result = route(appeal, agents)
    assert (result.returncode, result.stdout) == (78, "")
    assert said in result.stderr


def test_with_json_a_wrong_appeal_tells_file_and_field(route):
    result = route({**APPEAL, "market": 7}, None, "--json")
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["file"], error["field"]) == ("input", "appeal.json", "market")


def test_a_wrong_rulebook_ends_with_78(route):
    result = route(APPEAL, rulebook="rulebook: x\n")
    assert result.returncode == 78
    assert "rulebook.yaml:" in result.stderr


def test_a_time_that_is_none_is_a_wrong_command_line(route):
    result = route(APPEAL, None, "--at", "tomorrow")
    assert result.returncode == 2
    assert "--at: expected a time such as" in result.stderr


def test_an_appeal_is_missing(appealctl):
    result = appealctl("route", "rulebook.yaml")
    assert result.returncode == 2
    assert "APPEAL.json is missing" in result.stderr
