"""What the on-call has: alerts that fire where they should, each with its section in docs/operations.md."""

import json
import re
import subprocess

import pytest
import yaml

PREFIX = "appeal_router_"
METRIC = re.compile(r"\bappeal_router_[a-z_]+\b")
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PARTS = ["**Symptom.**", "**Meaning.**", "```sh", "**Cure.**"]


@pytest.fixture(scope="module")
def groups(root):
    return yaml.safe_load((root / "ops/prometheus/appeal-router.rules.yaml").read_text())["groups"]


@pytest.fixture(scope="module")
def alerts(groups):
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@pytest.fixture(scope="module")
def sections(root):
    """{heading: text} of the sections about alerts."""
    text = (root / "docs/operations.md").read_text()
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {name: body for name, body in zip(parts[::2], parts[1::2]) if name.startswith("AppealRouter")}


@pytest.fixture(scope="module")
def known(build):
    """Every name that /metrics may show: a histogram has three."""
    told = subprocess.run([build / "cli/appealctl", "metrics", "--json"], check=True, capture_output=True, text=True)
    names = set()
    for metric in json.loads(told.stdout)["metrics"]:
        suffixes = ["_bucket", "_count", "_sum"] if metric["kind"] == "histogram" else [""]
        names |= {metric["name"] + suffix for suffix in suffixes}
    assert names
    return names


@pytest.fixture(scope="module")
def dashboard(root):
    return json.loads((root / "ops/grafana/appeal-router.json").read_text())


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard):
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


def test_the_alerts_fire_where_they_should_and_nowhere_else(root):
    result = subprocess.run(["promtool", "test", "rules", "appeal-router.test.yaml"],
                            cwd=root / "ops/prometheus", capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_is_tried(root, alerts):
    tried = (root / "ops/prometheus/appeal-router.test.yaml").read_text()
    named = set(re.findall(r"\bAppealRouter\w+", tried))
    assert {alert["alert"] for alert in alerts} - named == set()


def test_every_alert_leads_to_a_section_about_it(alerts, sections):
    for alert in alerts:
        assert alert["annotations"]["runbook"] == f"docs/operations.md#{alert['alert'].lower()}"
        assert alert["annotations"]["summary"]
        assert alert["labels"]["severity"] in ("page", "ticket")
    assert {alert["alert"] for alert in alerts} == sections.keys()


def test_every_section_tells_symptom_meaning_three_commands_and_cure(sections):
    for name, text in sections.items():
        places = [text.find(part) for part in PARTS]
        assert -1 not in places and places == sorted(places), f"{name}: {places}"
        (commands,) = COMMANDS.findall(text)
        assert len(commands.splitlines()) == 3, name


def test_every_command_of_ours_in_a_section_is_there(build, root):
    told = subprocess.run([build / "cli/appealctl", "--help"], check=True, capture_output=True, text=True).stdout
    commands = set(re.findall(r"^  ([a-z-]+)  +", told, re.MULTILINE))
    text = (root / "docs/operations.md").read_text()
    named = set(re.findall(r"\bappealctl\s+([a-z][a-z-]+)", text))
    assert named and named - commands == set()


def test_every_setting_that_operations_name_is_there(build, root):
    told = subprocess.run([build / "cli/appealctl", "settings"], check=True, capture_output=True, text=True).stdout
    settings = set(re.findall(r"^(\S+): ", told, re.MULTILINE))
    named = set(re.findall(r"`((?:kafka|limits|redis|http|log|control|ledger)\.[a-z_]+)", (root / "docs/operations.md").read_text()))
    assert named and named - settings == set()


def test_alerts_and_dashboard_look_at_metrics_that_are_there(groups, dashboard, known):
    recorded = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
    looked_at = [rule["expr"] for group in groups for rule in group["rules"]] + expressions(dashboard)
    for expression in looked_at:
        for name in recorded:
            expression = expression.replace(name, "")
        assert set(METRIC.findall(expression)) - known == set(), expression


def test_commands_look_for_metrics_that_are_there(root, known):
    """Each alternative of a `grep -E '^appeal_router_(one|another)'` begins the name of some."""
    text = (root / "docs/operations.md").read_text()
    searches = re.findall(r"/metrics \| grep -E '(.*)'", text)
    looked_for = [re.fullmatch(r"\^appeal_router_\(([a-z_|]+)\)", search).group(1).split("|") for search in searches]
    assert looked_for
    for start in sum(looked_for, []):
        assert any(name.startswith(PREFIX + start) for name in known), start


def test_prometheus_understands_every_expression_of_the_dashboard(dashboard, tmp_path):
    rules = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
             for number, expression in enumerate(expressions(dashboard))]
    assert rules
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    result = subprocess.run(["promtool", "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_dashboard_is_one_that_grafana_takes(dashboard):
    assert dashboard["schemaVersion"] >= 36 and dashboard["uid"] and dashboard["title"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels(dashboard):
        assert panel["title"] and panel["description"], panel["id"]
        assert panel["type"] in ("timeseries", "stat", "table", "bargauge")
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_no_two_panels_of_the_dashboard_lie_upon_each_other(dashboard):
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] and place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["id"]) == panel["id"], panel["title"]
