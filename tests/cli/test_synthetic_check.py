"""Settings that ask for synthetic appeals want a rulebook that keeps them from people."""

import subprocess

import pytest

QUEUES = "queues: {{ general: {{}}{0} }}\nrules: [ {1}{{ name: rest, route: {{ queue: general }} }} ]\n"
OWN = ", synthetic: { deliver: queue, topic: own }"
RULE = "{ name: synthetic, when: { market: ZZ, reason: synthetic }, route: { queue: synthetic } }, "


def check(program, folder, rulebook, interval="30s"):
    (folder / "rulebook.yaml").write_text(f"rulebook: one\n{rulebook}")
    (folder / "router.yaml").write_text(
        f"kafka: {{ bootstrap_servers: k }}\nrulebook: rulebook.yaml\nsynthetic: {{ interval: {interval} }}\n")
    return subprocess.run(
        [program.parents[1] / "daemon" / "appeal-routerd", "--check", "--config", folder / "router.yaml"],
        capture_output=True, text=True, timeout=60, check=False)


def test_a_rulebook_with_a_queue_for_them_is_taken(program, folder):
    result = check(program, folder, QUEUES.format(OWN, RULE))
    assert (result.returncode, result.stderr) == (0, "")


def test_who_sends_none_needs_no_queue_for_them(program, folder):
    result = check(program, folder, QUEUES.format("", ""), "0s")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("queue, rule, named", [
    ("", "", "rule 'rest' of the rulebook sends this one to queue 'general'"),
    (", synthetic: { topic: own }", RULE, "rule 'synthetic' of the rulebook sends this one to queue 'synthetic'"),
    (", synthetic: { deliver: queue }", RULE, "a topic of its own"),
    (OWN, "{ name: zz, when: { market: ZZ }, route: { queue: general } }, " + RULE.replace("ZZ", "[ZZ, BR]"), "rule 'zz'"),
])
def test_a_rulebook_that_would_send_them_to_people_is_refused_by_name(program, folder, queue, rule, named):
    result = check(program, folder, QUEUES.format(queue, rule))
    assert result.returncode == 78
    assert "synthetic.interval: " in result.stderr and named in result.stderr
