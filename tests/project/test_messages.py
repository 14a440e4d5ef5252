"""The messages of the log: one table, in which all of them stand, and what is made of it."""

import json
import re
import subprocess

import pytest

SPOKEN = re.compile(r"\bLOG\(\s*(\w+)|\bMESSAGE_(?=[a-z])(\w+)")


@pytest.fixture(scope="module")
def messages(build):
    told = subprocess.run([build / "cli/appealctl", "messages", "--json"], check=True, capture_output=True, text=True)
    return json.loads(told.stdout)["messages"]


def sources(root):
    return [file for file in sorted((root / "daemon").rglob("*.[ch]")) if file.parent.name != "log"]


def test_every_message_of_the_table_is_said_somewhere_and_no_other(root, messages):
    said = {"".join(match).replace("_", "-") for file in sources(root) for match in SPOKEN.findall(file.read_text())}
    assert said == {message["code"] for message in messages}


def test_the_daemon_speaks_through_its_log_alone(root):
    """But for its own command line, which a person types."""
    speaks = re.compile(r"\bstderr\s*[,)]|\bperror\(|\bpsignal\(|\bsyslog\(|\bwarnx?\(|\berrx?\(|STDERR_FILENO")
    assert [str(file) for file in sources(root) if file.name != "main.c" and speaks.search(file.read_text())] == []


def test_each_message_says_in_whole_sentences_what_it_means_and_what_to_do(messages):
    assert len(messages) > 40
    for message in messages:
        assert message["happened"] and not message["happened"].endswith("."), message["code"]
        assert message["means"].endswith("."), message["code"]
        assert message["do"].endswith("."), message["code"]


def test_what_an_error_says_to_do_is_more_than_nothing(messages):
    errors = [message for message in messages if message["level"] == "error"]
    assert errors
    assert [message["code"] for message in errors if message["do"] == "Nothing."] == []


def test_the_manual_has_a_section_for_each_message(root, build):
    told = subprocess.run([build / "cli/appealctl", "messages", "--markdown"], check=True, capture_output=True, text=True)
    assert (root / "docs/messages.md").read_text().endswith("\n\n" + told.stdout), (
        "write its sections anew: appealctl messages --markdown")


def test_the_runbooks_that_messages_name_are_there(root, messages):
    operations = (root / "docs/operations.md").read_text()
    named = [name for message in messages for name in re.findall(r"AppealRouter\w+", message["do"])]
    assert named
    assert [name for name in named if f"\n## {name}\n" not in operations] == []


def test_journalctl_explains_each_message_by_the_catalogue(root, build, messages, tmp_path):
    """The journal's own tool reads the catalogue and finds every message."""
    catalogue = tmp_path / "usr/lib/systemd/catalog/appeal-router.catalog"
    catalogue.parent.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    catalogue.write_bytes((build / "docs/appeal-router.catalog").read_bytes())
    run = lambda *words: subprocess.run(["journalctl", f"--root={tmp_path}", *words], capture_output=True, text=True, check=True)
    run("--update-catalog")
    told = run("--dump-catalog", *[message["message_id"] for message in messages]).stdout
    for message in messages:
        assert f"-- {message['message_id']}\nSubject: {message['happened']} ({message['code']})\n" in told
        assert message["means"] in told
