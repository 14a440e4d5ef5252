"""appealctl check: a rulebook read as the daemon would read it."""

import json
import re

RULEBOOK = """\
rulebook: 2026-11-22.1
queues:
  fraud: {}
  general: { order: arrival }
rules:
  - { name: fraud, when: { reason: fraud }, route: { queue: fraud } }
  - { name: rest, route: { queue: general } }
tests:
  - { appeal: { market: BR, languages: [pt-BR], reason: fraud }, expect: { rule: fraud, queue: fraud } }
"""


def check(appealctl, tmp_path, text, *words):
    file = tmp_path / "rulebook.yaml"
    file.write_text(text)
    return appealctl("check", file, *words)


def test_a_rulebook_that_is_fine_is_told_by_name_and_ends_with_0(appealctl, tmp_path):
    result = check(appealctl, tmp_path, RULEBOOK)
    assert (result.returncode, result.stderr) == (0, "")
    assert "rulebook: 2026-11-22.1\n" in result.stdout
    assert "queues:   fraud, general\n" in result.stdout


def test_with_json_it_is_json(appealctl, tmp_path):
    answer = json.loads(check(appealctl, tmp_path, RULEBOOK, "--json").stdout)
    assert answer["rulebook"] == "2026-11-22.1"
    assert answer["queues"] == ["fraud", "general"]
    assert len(answer["sha256"]) == 64


def test_a_mistake_is_told_with_its_place_and_ends_with_78(appealctl, tmp_path):
    result = check(appealctl, tmp_path, RULEBOOK.replace("route: { queue: general }", "route: { queue: generl }"))
    assert (result.returncode, result.stdout) == (78, "")
    assert f"{tmp_path}/rulebook.yaml:7:" in result.stderr
    assert "generl" in result.stderr


def test_a_failing_test_of_its_own_is_a_mistake(appealctl, tmp_path):
    result = check(appealctl, tmp_path, RULEBOOK.replace("expect: { rule: fraud", "expect: { rule: rest"), "--json")
    assert result.returncode == 78
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "input"
    assert error["file"] == f"{tmp_path}/rulebook.yaml"
    assert error["line"] == 9


def test_a_file_that_is_not_there_ends_with_78(appealctl, tmp_path):
    result = appealctl("check", tmp_path / "none.yaml")
    assert result.returncode == 78
    assert f"cannot read '{tmp_path}/none.yaml': No such file or directory" in result.stderr


HIDDEN = """\
rulebook: x
queues: { a: {} }
rules:
  - { name: first, when: { tier: 1 }, route: { queue: a } }
  - { name: second, when: { tier: 2 }, route: { queue: a } }
  - { name: both, when: { tier: [1, 2] }, route: { queue: a } }
  - { name: rest, route: { queue: a } }
"""


def test_a_rule_that_can_never_match_is_a_warning(appealctl, tmp_path):
    result = check(appealctl, tmp_path, HIDDEN)
    assert result.returncode == 0
    assert f"{tmp_path}/rulebook.yaml:6:5: warning: rule 'both' can never match" in result.stdout
    answer = json.loads(check(appealctl, tmp_path, HIDDEN, "--json").stdout)
    assert [(finding["line"], finding["name"]) for finding in answer["findings"]] == [(6, "rule-hidden")]


def test_a_rulebook_cannot_steer_the_terminal(appealctl, tmp_path):
    told = check(appealctl, tmp_path, RULEBOOK.replace("fraud: {}", r'"\e[31m\x9b": {}')).stderr
    assert "queues.?[31m?: " in told and not re.search("[\x1b\x9b]", told)


def test_names_of_many_letters_are_told_whole(appealctl, tmp_path):
    long = {name: name[0] + "é" * 63 for name in ["first", "second", "both"]}
    rulebook = HIDDEN
    for name, letters in long.items():
        rulebook = rulebook.replace(f"name: {name}", f"name: {letters}")
    [finding] = json.loads(check(appealctl, tmp_path, rulebook, "--json").stdout)["findings"]
    assert [letters for letters in long.values() if letters not in finding["message"]] == []


def test_strict_makes_a_warning_end_with_1(appealctl, tmp_path):
    assert check(appealctl, tmp_path, HIDDEN, "--strict").returncode == 1
    assert check(appealctl, tmp_path, RULEBOOK, "--strict").returncode == 0


def test_queues_that_the_agents_cannot_serve_are_told(appealctl, tmp_path):
    agents = tmp_path / "agents.jsonl"
    agents.write_text('{"agent_id":"ana","capacity":5,"languages":["pt"],"markets":["BR"],"queues":["general"]}\n')
    result = check(appealctl, tmp_path, RULEBOOK, "--agents", agents, "--strict")
    assert result.returncode == 1
    assert "queue 'fraud': no agent can take anything from it" in result.stdout
    assert "queue 'general'" not in result.stdout


def test_no_agents_at_all_serve_nothing(appealctl, tmp_path):
    (tmp_path / "agents.jsonl").write_text("\n")
    result = check(appealctl, tmp_path, RULEBOOK, "--agents", tmp_path / "agents.jsonl")
    assert "queue 'general': no agent can take anything from it" in result.stdout


def test_a_step_that_asks_anew_is_a_note_alone(appealctl, tmp_path):
    ladder = "rulebook: x\nqueues: { a: { %sladder: [{ for: 1h }, {}] } }\nrules: [{ name: rest, route: { queue: a } }]\n"
    assert check(appealctl, tmp_path, ladder % "", "--strict").returncode == 1
    assert check(appealctl, tmp_path, ladder % "offer: {}, ", "--strict").returncode == 0


def test_a_broken_agent_is_told_with_its_line(appealctl, tmp_path):
    agents = tmp_path / "agents.jsonl"
    agents.write_text('\n{"agent_id":"ana"}\n')
    result = check(appealctl, tmp_path, RULEBOOK, "--agents", agents)
    assert result.returncode == 78
    assert "agents.jsonl:2:" in result.stderr


def test_the_sample_has_no_warnings_with_its_agents(appealctl, root):
    result = appealctl("check", root / "config" / "rulebook.yaml", "--agents", root / "config" / "agents.jsonl", "--strict")
    assert result.returncode == 0, result.stdout


def test_notes_are_told_on_request_and_always_in_json(appealctl, root):
    rulebook = root / "config" / "rulebook.yaml"
    assert "note:" not in appealctl("check", rulebook).stdout
    assert "note: rule 'fraud-latam' and 'third-appeal'" in appealctl("check", rulebook, "--notes").stdout
    findings = json.loads(appealctl("check", rulebook, "--json").stdout)["findings"]
    assert {finding["grade"] for finding in findings} == {"note"}


def test_every_finding_is_in_the_manual_and_no_other(root):
    """A finding's name stands in the code behind its grade and place."""
    code = "".join(file.read_text() for file in (root / "lib" / "rules").glob("lint_*.c"))
    names = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', code))
    section = (root / "docs" / "rulebook.md").read_text().split("### What is warned of")[1].split("\n## ")[0]
    table = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    assert names == set(re.findall(r"`([^`]+)`", table))
    assert len(names) >= 15
