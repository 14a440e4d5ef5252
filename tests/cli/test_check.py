"""appealctl check: a rulebook read as the daemon would read it."""

import json

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
